import { messageOf } from '@loopwright/protocol';
import type { Retention } from '../dataset/datasets.ts';
import type { Edge } from '../http/create-edge.ts';
import type { SandboxLimits } from '../serve/adjustable-sandbox.ts';
import { type Deployment, watchingOptions } from './deployment.ts';

/** What an edge reads only when it starts. */
const READ_AT_THE_START = [
  ['runtime', 'data_dir'],
  ['storage', 'time_zone'],
  ['storage', 'durability'],
  ['storage', 'when_full'],
  ['source', 'url'],
  ['source', 'token'],
  ['source', 'programs'],
  ['source', 'interval_seconds'],
] as const;

/** How a running edge reads its deployment again. */
export interface ReloadOptions {
  /** Names the file. */
  readonly path: string;
  readonly read: () => Promise<Deployment>;
  /** As it was when the edge started. */
  readonly started: Deployment;
  /** Paths of keys that do not matter here, because something else goes before them. */
  readonly ignored: readonly string[];
  /** What it says about keeping records. */
  readonly retention: (deployment: Deployment) => Retention;
  /** What it says about running programs. */
  readonly limits: (deployment: Deployment) => SandboxLimits;
  readonly log: (message: string) => void;
}

/**
 * Makes what reads a deployment again, one time after the other. What is wrong in the file changes nothing. What is sampled, validated and kept and the limits of
 * execution change at once; what else is different is told with the path of its key.
 */
export function deploymentReloader(edge: Pick<Edge, 'retain' | 'watch' | 'adjust'>, options: ReloadOptions): () => Promise<void> {
  const { path, read, started, ignored, retention, limits, log } = options;
  const reload = async (): Promise<void> => {
    try {
      const deployment = await read();
      // The only one that can fail.
      await edge.adjust(limits(deployment));
      edge.retain(retention(deployment));
      edge.watch(watchingOptions(deployment));
      log(`Read "${path}" again: what is sampled, validated and kept and the limits of execution are as it says now`);
      for (const key of changedSinceStart(started, deployment))
        if (!ignored.some((prefix) => key === prefix || key.startsWith(`${prefix}/`)))
          log(`The change of ${key} in "${path}" needs a restart: until then it is as it was when the edge started`);
    } catch (error) {
      log(`${messageOf(error)}. All stays as it was`);
    }
  };
  let last: Promise<void> = Promise.resolve();
  return () => (last = last.then(reload));
}

/** Paths of keys that have another value than when the edge started, and take effect only then. Values are not told: one is a secret. */
function changedSinceStart(started: Deployment, now: Deployment): string[] {
  const valueOf = (deployment: Deployment, [section, key]: readonly [string, string]): unknown => {
    const values: Readonly<Record<string, unknown>> | undefined = deployment[section as 'runtime' | 'storage' | 'source'];
    return values?.[key];
  };
  const changed = READ_AT_THE_START.filter((key) => JSON.stringify(valueOf(started, key)) !== JSON.stringify(valueOf(now, key)));
  // One that came or went as a whole is one change.
  if ((started.source === undefined) !== (now.source === undefined))
    return [...changed.filter(([section]) => section !== 'source').map((key) => `/${key.join('/')}`), '/source'];
  return changed.map((key) => `/${key.join('/')}`);
}
