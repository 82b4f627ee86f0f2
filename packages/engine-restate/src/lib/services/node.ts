import type { WorkflowDefinition } from '@loopwright/engine';
import type { EventRoute, ExpressionEvaluator } from '@loopwright/engine/carrier';
import type { Clock } from '@loopwright/protocol';
import type { Changes } from '../record/execution-record.ts';
import type { ServiceNames } from './service-names.ts';

/** What the handlers need of the process they run in. */
export interface Node {
  readonly names: ServiceNames;
  readonly clock: Clock;
  readonly expressions: ExpressionEvaluator;
  /** Which projects hear the events of which others. */
  readonly eventRoutes: readonly EventRoute[];
  /** The definition of a digest, from this process or from Restate. Throws when it is not there or does not load. */
  definition(digest: string): Promise<WorkflowDefinition>;
  /** Shows a change in the views of this node and tells its events; the same again has no effect. */
  project(executionId: string, changes: Changes): Promise<void>;
  /** Runs one turn of an execution; resolves when it has ended or is parked. Never settles when this process closes. */
  drive(executionId: string, attempt: DriveAttempt): Promise<void>;
  /** The attempt that drives an execution here was woken: it takes note of what was recorded, and waits at another awakeable. */
  woken(executionId: string, wakeId: string): void;
}

/** An attempt of Restate to drive an execution. */
export interface DriveAttempt {
  /** The awakeable that wakes this attempt now. */
  readonly wakeId: () => string;
  /** Aborted when the attempt is over. */
  readonly signal: AbortSignal;
}
