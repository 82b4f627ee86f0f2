import type { ProjectScope } from '@loopwright/engine';
import {
  type Clock,
  type ListRunsQuery,
  PlatformError,
  type Random,
  type RunBulkAction,
  type RunBulkResult,
  messageOf,
} from '@loopwright/protocol';
import type { ServerDatabase } from '../database/server-database.ts';
import { Previews } from '../operations/previews.ts';
import { listRuns } from './list-runs.ts';
import type { RunTable } from './run-tables.ts';
import type { Runs } from './runs.ts';

/** How many runs one bulk operation takes. */
const RUNS_LIMIT = 1000;
/** How many runs are worked on at the same time. */
const BATCH = 20;
const PAGE = 500;

/** What each action is for. */
const FOR: Record<RunBulkAction, readonly RunTable['status'][]> = {
  cancel: ['running', 'paused'],
  pause: ['running'],
  resume: ['paused'],
  retry: ['failed'],
};

/** Which runs are meant, besides what the action is for. */
export type BulkRunsQuery = Omit<ListRunsQuery, 'limit' | 'offset' | 'cursor' | 'sort' | 'waiting_for'>;

interface Found {
  readonly action: RunBulkAction;
  readonly ids: readonly string[];
}

/** Who does what was previewed. */
export interface BulkRunsWork {
  readonly userId: string;
  readonly reason: string | null;
  /** Whether runs of a project may be changed now. */
  readonly mayChange: (projectId: string) => boolean;
}

/** Does one thing to many runs: exactly to those that were previewed, however many more the filter finds by then. */
export class BulkRuns {
  readonly #parts: { readonly runs: Runs; readonly database: ServerDatabase; readonly random: Random };
  readonly #previews: Previews<Found, RunBulkResult>;

  constructor(parts: { readonly runs: Runs; readonly database: ServerDatabase; readonly clock: Clock; readonly random: Random }) {
    this.#parts = parts;
    this.#previews = new Previews(parts);
  }

  /** Finds the runs and remembers them. Throws LIMIT_EXCEEDED when there are more than 1000. */
  async preview(
    action: RunBulkAction,
    filter: BulkRunsQuery,
    { userId, projects }: { userId: string; projects: ProjectScope },
  ): Promise<{ readonly runs: readonly RunTable[]; readonly token: string; readonly expiresAt: number }> {
    const wanted = FOR[action].filter((status) => (filter.status ?? status) === status);
    const runs: RunTable[] = [];
    await this.#parts.runs.refreshAll();
    for (const status of wanted) runs.push(...(await this.#all({ ...filter, status }, projects, action)));
    const { token, expiresAt } = this.#previews.keep({ action, ids: runs.map(({ run_id }) => run_id) }, userId);
    return { runs, token, expiresAt };
  }

  /** Does what was previewed; the same token again gives the same result and does nothing. Throws CONFLICT when the preview is gone or somebody else's. */
  run(token: string, work: BulkRunsWork): Promise<RunBulkResult> {
    return this.#previews.run(token, work.userId, (found) => this.#work(token, found, work));
  }

  async #all(filter: BulkRunsQuery, projects: ProjectScope, action: RunBulkAction): Promise<RunTable[]> {
    const found: RunTable[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = { ...filter, sort: '-created_at', limit: PAGE, offset: 0, cursor } as const;
      const { runs, total, nextCursor } = await listRuns(this.#parts.database, page, projects);
      if (total > RUNS_LIMIT) {
        throw new PlatformError('LIMIT_EXCEEDED', `Cannot ${action} ${total} runs at once: ${RUNS_LIMIT} are the limit`, {
          details: { limit: RUNS_LIMIT, count: total },
        });
      }
      found.push(...runs);
      cursor = nextCursor;
    }
    return found;
  }

  async #work(token: string, { action, ids }: Found, work: BulkRunsWork): Promise<RunBulkResult> {
    const results: RunBulkResult['results'] = [];
    for (let at = 0; at < ids.length; at += BATCH) {
      const batch = ids.slice(at, at + BATCH).map((id) => this.#one(id, { token, action, ...work }));
      results.push(...(await Promise.all(batch)));
    }
    const failed = results.filter(({ outcome }) => outcome === 'failed').length;
    return { action, count: results.length, done: results.length - failed, failed, results };
  }

  async #one(
    id: string,
    { token, action, userId, reason, mayChange }: BulkRunsWork & { token: string; action: RunBulkAction },
  ): Promise<RunBulkResult['results'][number]> {
    const { runs } = this.#parts;
    try {
      // A grant may have been taken away since the preview.
      if (!mayChange((await runs.find(id)).project_id))
        throw new PlatformError('FORBIDDEN', `Cannot ${action} the run "${id}": it is not allowed any more`);
      if (action === 'cancel') await runs.cancel(id, { by: userId, reason });
      else if (action === 'pause') await runs.pause(id, userId);
      else if (action === 'resume') await runs.resume(id, userId);
      else await runs.retry(id, { by: userId, key: `bulk-${token}-${id}` });
      return { run_id: id, outcome: 'done', error_code: null, message: null };
    } catch (error) {
      const code = error instanceof PlatformError ? error.code : 'INTERNAL_ERROR';
      const message = error instanceof PlatformError ? messageOf(error) : 'Cannot answer: the server failed';
      return { run_id: id, outcome: 'failed', error_code: code, message };
    }
  }
}
