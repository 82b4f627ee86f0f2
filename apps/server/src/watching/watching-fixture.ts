import { ModelClient, ProviderKeys } from '@loopwright/models';
import { systemClock, systemRandom } from '@loopwright/protocol';
import type { TestAuthorization } from '../authorization/authorization-fixture.ts';
import { NoticeOutbox } from '../events/notice-outbox.ts';
import { moneyOf } from '../money/money-fixture.ts';
import { ProgramTasks } from '../programs/program-tasks.ts';
import { type OpenWatching, type WatchingParts, openWatching } from './open-watching.ts';

/** Nothing listens there. */
const NOWHERE = 'http://127.0.0.1:9';

/** The watching of a test server, which looks only when it is told to; its model is the one at a URL, when there is one. */
export function openTestWatching(
  parts: Omit<WatchingParts, 'outbox' | 'tasks' | 'models' | 'resources' | 'clock' | 'random'> &
    Pick<TestAuthorization, 'authorization'>,
  modelUrl?: string,
): OpenWatching {
  const { resources } = parts.authorization;
  const time = { clock: systemClock, random: systemRandom };
  const none = { key: null, file: null };
  const { usage, prices } = moneyOf(parts.database);
  const models = new ModelClient({
    keys: new ProviderKeys({ anthropic: none, openai: { key: 'sk-secret-of-the-test', file: null }, compatible: none }),
    urls: { anthropic: NOWHERE, openai: modelUrl ?? NOWHERE, compatible: null },
    fetch: globalThis.fetch,
    model: modelUrl === undefined ? null : 'openai/gpt-4.1',
    fallback: null,
    timeoutMs: 10_000,
    attempts: 1,
    retryDelayMs: 1,
    ...time,
  });
  const settings = {
    driftCheckSeconds: null,
    repairCounterexamples: 3,
    repairCoolDownHours: 24,
    repairBudgetUsd: 2,
    repairBudgetAttempts: 50,
  };
  return openWatching(settings, {
    ...parts,
    ...time,
    outbox: new NoticeOutbox(parts.database, (notice) => parts.engine.announce(notice)),
    tasks: new ProgramTasks({ ...parts, ...time, resources }),
    resources,
    models: { models, prices, usage },
  });
}
