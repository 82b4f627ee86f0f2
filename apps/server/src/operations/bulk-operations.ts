import {
  EXECUTION_STATUSES,
  type Engine,
  type Execution,
  type ExecutionQuery,
  type ExecutionStatus,
  isFinal,
} from '@loopwright/engine';
import { type BulkAction, type BulkResult, type Clock, PlatformError, type Random, messageOf } from '@loopwright/protocol';
import type { Runs } from '../runs/runs.ts';
import { Previews } from './previews.ts';

/** How many executions one bulk operation takes. */
const EXECUTIONS_LIMIT = 1000;
/** How many executions are worked on at the same time. */
const BATCH = 50;
/** Which executions are meant, besides what the action is for. */
export type BulkQuery = Omit<ExecutionQuery, 'limit' | 'offset' | 'before' | 'order'>;

/** Executions that an action was previewed for. Times in milliseconds since 1970-01-01 UTC. */
export interface Preview {
  readonly token: string;
  readonly action: BulkAction;
  readonly executions: readonly Execution[];
  /** How many more the filter finds that are runs, and are retried in another way. */
  readonly leftToRuns: number;
  readonly expiresAt: number;
}

interface Found {
  readonly action: BulkAction;
  readonly ids: readonly string[];
}

/** Who does what was previewed. */
export interface BulkRun {
  readonly userId: string;
  readonly reason: string | null;
  /** Whether executions of a project may be changed now. */
  readonly mayChange: (projectId: string) => boolean;
}

/** What each action is for. */
const FOR: Record<BulkAction, (status: ExecutionStatus) => boolean> = {
  cancel: (status) => !isFinal(status),
  pause: (status) => !isFinal(status) && status !== 'paused',
  resume: (status) => status === 'paused',
  retry: (status) => status === 'failed',
};

interface BulkParts {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly random: Random;
  readonly runs: Pick<Runs, 'ofExecutions' | 'requireOwn'>;
}

/** Does one thing to many executions: exactly to those that were previewed, however many more the filter finds by then. */
export class BulkOperations {
  readonly #engine: Engine;
  readonly #random: Random;
  readonly #runs: BulkParts['runs'];
  readonly #previews: Previews<Found, BulkResult>;

  constructor({ engine, clock, random, runs }: BulkParts) {
    this.#runs = runs;
    this.#engine = engine;
    this.#random = random;
    this.#previews = new Previews({ clock, random });
  }

  /** Finds the executions and remembers them. Throws LIMIT_EXCEEDED when there are more than 1000. */
  async preview(action: BulkAction, filter: BulkQuery, userId: string): Promise<Preview> {
    const wanted = EXECUTION_STATUSES.filter((status) => FOR[action](status) && (filter.status ?? status) === status);
    const found: Execution[] = [];
    let count = 0;
    for (const status of wanted) {
      const page = this.#engine.read.executions({ ...filter, status, limit: EXECUTIONS_LIMIT });
      found.push(...page.executions);
      count += page.total;
    }
    if (count > EXECUTIONS_LIMIT) {
      throw new PlatformError(
        'LIMIT_EXCEEDED',
        `Cannot ${action} ${count} executions at once: ${EXECUTIONS_LIMIT} are the limit`,
        {
          details: { limit: EXECUTIONS_LIMIT, count },
        },
      );
    }
    const runs = action === 'retry' ? await this.#runs.ofExecutions(found.map(({ id }) => id)) : new Map<string, unknown>();
    const executions = found.filter(({ id }) => !runs.has(id));
    const { token, expiresAt } = this.#previews.keep({ action, ids: executions.map(({ id }) => id) }, userId);
    return { token, action, executions, leftToRuns: found.length - executions.length, expiresAt };
  }

  /** Does what was previewed; the same token again gives the same result and does nothing. Throws CONFLICT when the preview is gone or somebody else's. */
  run(token: string, work: BulkRun): Promise<BulkResult> {
    return this.#previews.run(token, work.userId, (found) => this.#work(found, work));
  }

  async #work(found: Found, run: BulkRun): Promise<BulkResult> {
    const results: BulkResult['results'] = [];
    for (let at = 0; at < found.ids.length; at += BATCH) {
      const batch = found.ids.slice(at, at + BATCH);
      results.push(...(await Promise.all(batch.map((id) => this.#one(id, found.action, run)))));
    }
    const failed = results.filter(({ outcome }) => outcome === 'failed').length;
    return { action: found.action, count: results.length, done: results.length - failed, failed, results };
  }

  async #one(id: string, action: BulkAction, { userId, reason, mayChange }: BulkRun): Promise<BulkResult['results'][number]> {
    const result = { execution_id: id, new_execution_id: null, error_code: null, message: null };
    try {
      // A grant may have been taken away since the preview.
      if (!mayChange(this.#engine.read.projectOf(id) ?? ''))
        throw new PlatformError('FORBIDDEN', `Cannot ${action} the execution "${id}": it is not allowed any more`);
      if (action === 'cancel') await this.#engine.cancel(id, { who: userId, reason });
      else if (action === 'pause') await this.#engine.pause(id, userId);
      else if (action === 'resume') await this.#engine.resume(id, userId);
      else {
        await this.#runs.requireOwn(id);
        const retry = { executionId: id, newId: this.#random.uuid(), startedBy: userId };
        const { execution } = await this.#engine.operations.retry(retry);
        return { ...result, outcome: 'done', new_execution_id: execution.id };
      }
      return { ...result, outcome: 'done' };
    } catch (error) {
      const code = error instanceof PlatformError ? error.code : 'INTERNAL_ERROR';
      const message = error instanceof PlatformError ? messageOf(error) : 'Cannot answer: the server failed';
      return { ...result, outcome: 'failed', error_code: code, message };
    }
  }
}
