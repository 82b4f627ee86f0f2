import { join } from 'node:path';
import type { EngineOptions, Retention } from '@loopwright/engine';
import { secretsFolder } from '../secrets/secrets-folder.ts';
import { engineLimits } from './engine-limits.ts';
import type { Configuration } from './settings.ts';

const DAY_MS = 86_400_000;

/** What the settings say to the engine. */
export function engineSettings(
  configuration: Configuration,
): Pick<EngineOptions, 'dir' | 'durability' | 'secrets' | 'inlineCharacters' | 'retention' | 'limits'> {
  return {
    dir: join(configuration.dataDir, 'engine'),
    durability: configuration.durability,
    ...(configuration.secretsDir === null ? {} : { secrets: secretsFolder(configuration.secretsDir) }),
    inlineCharacters: configuration.inlineValueMaxKb * 1024,
    retention: retentionOf(configuration),
    limits: engineLimits(configuration),
  };
}

function retentionOf({ journalRetentionDays, executionsRetentionDays, eventsRetentionDays }: Configuration): Retention {
  return {
    ...(journalRetentionDays === null ? {} : { journalMs: journalRetentionDays * DAY_MS }),
    ...(eventsRetentionDays === null ? {} : { streamMs: eventsRetentionDays * DAY_MS }),
    ...(executionsRetentionDays === null ? {} : { executionsMs: executionsRetentionDays * DAY_MS }),
  };
}
