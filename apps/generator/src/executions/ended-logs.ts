import type { Clock } from '@loopwright/protocol';
import { SERVICE_LIMITS } from '../limits.ts';
import type { EventLog } from './event-log.ts';

/** The events of executions that have just ended: a reader whose stream broke off at the end can still have the rest. */
export class EndedLogs {
  readonly #clock: Clock;
  readonly #logs = new Map<string, { readonly log: EventLog; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Keeps the events of an execution for a while; those that ended first go first. */
  keep(executionId: string, log: EventLog): void {
    this.#logs.delete(executionId);
    this.#logs.set(executionId, { log, until: this.#clock.now() + SERVICE_LIMITS.endedLogMs });
    const now = this.#clock.now();
    for (const [id, { until }] of this.#logs) {
      if (until > now && this.#logs.size <= SERVICE_LIMITS.endedLogs) break;
      this.#logs.delete(id);
    }
  }

  /** The events of an execution, if they are still there. */
  find(executionId: string): EventLog | undefined {
    const kept = this.#logs.get(executionId);
    return kept !== undefined && kept.until > this.#clock.now() ? kept.log : undefined;
  }
}
