import type { Clock, Random } from '@loopwright/protocol';
import type { WorkflowDefinition } from '../definition/definition.ts';
import type { EventRoute } from '../event/event-routes.ts';
import type { JournalEntry } from '../execution/execution.ts';
import type { ExpressionEvaluator } from '../expression/expression.ts';
import type { Turnstile } from '../limits/turnstile.ts';
import type { OwnedEntry, Store, StoreTransaction } from '../store/store.ts';
import type { WorkflowReference } from './definitions.ts';
import type { Schedules } from './schedules.ts';

/** What one execution in memory needs from the engine that holds it. */
export interface LifeHost {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly expressions: ExpressionEvaluator;
  /** Where steps wait for their turn, if anything limits how many begin. */
  readonly turnstile: Turnstile | undefined;
  /** Which projects hear the events of which others. */
  readonly eventRoutes: readonly EventRoute[];
  /** What else takes the events that executions emit. */
  readonly schedules: Pick<Schedules, 'offer' | 'wake'>;
  /** The definition that `run: workflow` names. */
  findDefinition(reference: WorkflowReference): WorkflowDefinition | undefined;
  /** An execution was started by another one. */
  started(executionId: string): void;
  /** Something was recorded for another execution, which may be waiting for it. */
  deliver(owned: OwnedEntry): void;
  /** A timer was recorded that is due at this time. */
  timerRecorded(dueAt: number): void;
  /** Nothing runs any more; it may be dropped from memory until something wakes it. */
  idle(executionId: string): void;
  /** The store refused a write: the execution goes on from its journal once the store works again. */
  storeFailed(executionId: string, error: unknown): void;
}

/** What a commit means for others than the execution itself. */
export interface Aftermath {
  /** It was committed. */
  readonly committed: () => void;
  /** The store refused it, and may have committed it all the same. */
  readonly unknown: (error: unknown) => void;
}

export const NO_AFTERMATH: Aftermath = { committed: () => undefined, unknown: () => undefined };

/** A change of the journal that nobody waits for. */
export type Note = (transaction: StoreTransaction, at: number) => void;
/** A change of the journal; it gives the entry it made, or nothing when there is nothing to go on with. */
export type Mutation = (transaction: StoreTransaction, at: number) => JournalEntry | undefined;
