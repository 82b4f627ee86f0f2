import type { Engine } from '@loopwright/engine';
import type { ProgramStore } from '@loopwright/edge';
import type { Clock, Random } from '@loopwright/protocol';
import type { FastifyBaseLogger } from 'fastify';
import type { AuditLog } from '../audit/audit-log.ts';
import type { ResourceProjects } from '../authorization/resource-projects.ts';
import type { Configuration } from '../config/settings.ts';
import type { ServerDatabase } from '../database/server-database.ts';
import type { NoticeOutbox } from '../events/notice-outbox.ts';
import type { ExampleStore } from '../examples/example-store.ts';
import type { ProgramTasks } from '../programs/program-tasks.ts';
import type { EdgeClient } from '../programs/edge-client.ts';
import { ConfidenceJudge } from './confidence-judge.ts';
import { Incidents } from './incidents.ts';
import { EdgeWatching } from './edge-watching.ts';
import { MeaningJudge } from './meaning-judge.ts';
import { ModelOracle, type ModelOracleParts } from './model-oracle.ts';
import { ProgramWatcher } from './program-watcher.ts';
import { RepairStore } from './repair-store.ts';
import { Repairs } from './repairs.ts';

/** What the watching is opened with. */
export interface WatchingParts {
  readonly database: ServerDatabase;
  readonly engine: Engine;
  readonly programs: ProgramStore;
  readonly edge: EdgeClient;
  readonly examples: ExampleStore;
  readonly resources: ResourceProjects;
  readonly audit: AuditLog;
  readonly outbox: NoticeOutbox;
  readonly tasks: ProgramTasks;
  readonly models: Omit<ModelOracleParts, 'clock'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: FastifyBaseLogger;
}

/** The settings that say when a program is repaired. */
export type WatchingSettings = Pick<
  Configuration,
  'driftCheckSeconds' | 'repairCounterexamples' | 'repairCoolDownHours' | 'repairBudgetUsd' | 'repairBudgetAttempts'
>;

/** Samples, validations, drift and repairs as the control plane has them. */
export interface OpenWatching extends AsyncDisposable {
  readonly edge: EdgeWatching;
  readonly store: RepairStore;
  readonly repairs: Repairs;
  readonly watcher: ProgramWatcher;
  readonly meaning: MeaningJudge;
  readonly confidence: ConfidenceJudge;
}

/** Opens it; nothing is looked at before `watcher.start()`. */
export function openWatching(
  settings: WatchingSettings,
  { database, models, log: logger, ...parts }: WatchingParts,
): OpenWatching {
  const { clock, programs, resources } = parts;
  const log = (message: string): void => logger.warn(message);
  const edge = new EdgeWatching(parts.edge);
  const store = new RepairStore(database, parts.outbox);
  const repairs = new Repairs({
    ...parts,
    edge,
    store,
    fewestCounterexamples: settings.repairCounterexamples,
    coolDownHours: settings.repairCoolDownHours,
    budgets: { cost_usd: settings.repairBudgetUsd.toFixed(9), attempts: settings.repairBudgetAttempts },
    log,
  });
  const oracle = new ModelOracle({ ...models, clock });
  const meaning = new MeaningJudge({ edge, oracle, resources, clock });
  const confidence = new ConfidenceJudge({ programs, edge, oracle, resources });
  const { driftCheckSeconds: seconds } = settings;
  const intervalMs = seconds === null ? null : seconds * 1000;
  const incidents = new Incidents({ ...parts, database, edge });
  const watcher = new ProgramWatcher({
    programs,
    resources,
    edge,
    repairs,
    incidents,
    oracle,
    meaning,
    confidence,
    clock,
    intervalMs,
    log,
  });
  return { edge, store, repairs, watcher, meaning, confidence, [Symbol.asyncDispose]: () => watcher[Symbol.asyncDispose]() };
}
