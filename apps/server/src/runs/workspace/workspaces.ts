import { join } from 'node:path';
import type { Random } from '@loopwright/protocol';
import type { ServerDatabase } from '../../database/server-database.ts';
import { type KnownDigests, Workspace } from './workspace.ts';

/** The workspaces of all runs, `{dir}/{run_id}`. The tables are asked for when they are needed: functions of the engine, which come before them, have workspaces. */
export class Workspaces {
  readonly #parts: { readonly dir: string; readonly database: () => ServerDatabase; readonly random: Random };
  readonly #digests: KnownDigests = new Map();

  constructor(parts: { dir: string; database: () => ServerDatabase; random: Random }) {
    this.#parts = parts;
  }

  /** The folder that holds them all. */
  get dir(): string {
    return this.#parts.dir;
  }

  /** The workspace of a run; its folder is made by the first write. The id must be one of a run. */
  of(runId: string): Workspace {
    return new Workspace({ dir: join(this.#parts.dir, runId), random: this.#parts.random, digests: this.#digests });
  }

  /** The workspace that an execution writes to: that of its run, whichever retry of it this is, or its own when it belongs to none. */
  async ofExecution(executionId: string): Promise<Workspace> {
    return this.of((await this.runOf(executionId)) ?? executionId);
  }

  /** The run that an execution belongs to. */
  async runOf(executionId: string): Promise<string | undefined> {
    const row = await this.#parts
      .database()
      .selectFrom('run_executions')
      .select('run_id')
      .where('execution_id', '=', executionId)
      .executeTakeFirst();
    return row?.run_id;
  }
}
