import type { Engine, Execution } from '@loopwright/engine';
import { DEFAULT_PRIORITY, type HeldUp, type HumanTaskContext } from '@loopwright/protocol';
import { sql } from 'kysely';
import type { ServerDatabase } from '../database/server-database.ts';

/** Where an execution belongs, and what stands still while it does. */
export type Surroundings = Pick<HumanTaskContext, 'run'> & { readonly holdsUp: HeldUp };

/** A run as far as a question needs it. */
interface RunAround {
  readonly run: NonNullable<HumanTaskContext['run']>;
  /** Those that have not begun. */
  readonly phases: string[];
}

/** Says of executions that ask what waits for their answers. */
export class HeldUpReader {
  readonly #engine: Pick<Engine, 'read'>;
  readonly #database: ServerDatabase;

  constructor({ engine, database }: { engine: Pick<Engine, 'read'>; database: ServerDatabase }) {
    this.#engine = engine;
    this.#database = database;
  }

  /** By the id of the execution; those that are not there are left out. */
  async of(executionIds: readonly string[]): Promise<ReadonlyMap<string, Surroundings>> {
    const lines = new Map([...new Set(executionIds)].map((id) => [id, this.#lineOf(id)]));
    const roots = [...lines.values()].flatMap((line) => line.at(-1)?.id ?? []);
    const runs = await this.#runsOf([...new Set(roots)]);
    return new Map(
      [...lines].flatMap(([id, line]) => {
        const own = line[0];
        if (own === undefined) return [];
        const around = runs.get(line.at(-1)?.id ?? '');
        const holdsUp: HeldUp = {
          executions: line.length,
          phases: around?.phases ?? [],
          priority: this.#engine.read.limits.admission(id)?.priority ?? DEFAULT_PRIORITY,
          is_paused: line.some(({ status }) => status === 'paused'),
        };
        return [[id, { run: around?.run ?? null, holdsUp }]];
      }),
    );
  }

  /** The execution, the one that runs it as a part of itself, and so on. */
  #lineOf(executionId: string): Execution[] {
    const line: Execution[] = [];
    for (let id: string | undefined = executionId; id !== undefined;) {
      const execution = this.#engine.read.execution(id);
      if (execution !== undefined) line.push(execution);
      id = execution?.parent?.executionId;
    }
    return line;
  }

  async #runsOf(executionIds: readonly string[]): Promise<ReadonlyMap<string, RunAround>> {
    if (executionIds.length === 0) return new Map();
    // One parameter, however many there are.
    const wanted = JSON.stringify(executionIds);
    const runs = await this.#database
      .selectFrom('runs')
      .select(['run_id', 'execution_id', 'project_name', 'profile', 'current_phase'])
      .where(({ eb }) => eb('execution_id', 'in', sql<string>`(SELECT value FROM json_each(${wanted}))`))
      .execute();
    const pending = await this.#database
      .selectFrom('run_phases')
      .select(['run_id', 'phase'])
      .where('status', '=', 'pending')
      .where(({ eb }) =>
        eb('run_id', 'in', sql<string>`(SELECT value FROM json_each(${JSON.stringify(runs.map(({ run_id }) => run_id))}))`),
      )
      .orderBy('position')
      .execute();
    const phases = Map.groupBy(pending, ({ run_id: runId }) => runId);
    return new Map(
      runs.map(({ execution_id: executionId, ...run }) => [
        executionId,
        { run, phases: (phases.get(run.run_id) ?? []).map(({ phase }) => phase) },
      ]),
    );
  }
}
