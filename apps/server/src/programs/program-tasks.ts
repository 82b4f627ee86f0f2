import { Readable } from 'node:stream';
import {
  type Clock,
  type CreateTaskRequest,
  type LabelledExample,
  PlatformError,
  jsonObjectSchema,
  type TaskResponse,
  isoTime,
} from '@loopwright/protocol';
import type { ResourceProjects } from '../authorization/resource-projects.ts';
import type { ServerDatabase } from '../database/server-database.ts';
import type { ExampleStore } from '../examples/example-store.ts';
import type { ProgramTaskTable } from './program-task-table.ts';

/** What {@link ProgramTasks} works with. */
export interface ProgramTaskParts {
  readonly database: ServerDatabase;
  readonly examples: ExampleStore;
  readonly resources: ResourceProjects;
  readonly clock: Clock;
}

/** What programs are to do, written down before there is a version of them. */
export class ProgramTasks {
  readonly #parts: ProgramTaskParts;

  constructor(parts: ProgramTaskParts) {
    this.#parts = parts;
  }

  /** Takes the name for a project, and keeps the task. Throws TASK_ALREADY_EXISTS; CONFLICT when the name is another project's; INVALID_EXAMPLES. */
  async create({ project_id: projectId, examples, ...task }: CreateTaskRequest, userId: string): Promise<void> {
    const { database, resources, clock } = this.#parts;
    if ((await this.#row(task.name)) !== undefined) throw alreadyThere(task.name);
    const digest = examples.length === 0 ? null : await this.#keep(examples, { projectId, userId });
    await resources.claimProgram(task.name, { projectId });
    const row: ProgramTaskTable = {
      ...task,
      input_schema: JSON.stringify(task.input_schema),
      output_schema: JSON.stringify(task.output_schema),
      examples: digest,
      created_by: userId,
      created_at: clock.now(),
    };
    const added = await database
      .insertInto('program_tasks')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .returning('name')
      .executeTakeFirst();
    if (added === undefined) throw alreadyThere(task.name);
  }

  /** Throws PROGRAM_TASK_NOT_FOUND. */
  async get(name: string, of: Pick<TaskResponse, 'active_version' | 'total_versions'>): Promise<TaskResponse> {
    const { examples, resources } = this.#parts;
    const row = await this.#row(name);
    if (row === undefined) throw new PlatformError('PROGRAM_TASK_NOT_FOUND', `Cannot find a task of the program "${name}"`);
    const { examples: digest, created_at: at, ...rest } = row;
    return {
      ...rest,
      id: name,
      input_schema: jsonObjectSchema.parse(JSON.parse(row.input_schema)),
      output_schema: jsonObjectSchema.parse(JSON.parse(row.output_schema)),
      examples: digest === null ? [] : await examples.read(digest),
      examples_digest: digest,
      project_id: await resources.projectOfProgram(name),
      ...of,
      created_at: isoTime(at),
      updated_at: isoTime(at),
    };
  }

  /** From what a program is to be made, as the workflow takes it; `undefined` without examples. */
  async madeFrom(name: string): Promise<{ program: string; task_description: string; examples: string } | undefined> {
    const row = await this.#row(name);
    if (row?.examples == null) return undefined;
    return { program: name, task_description: row.description, examples: row.examples };
  }

  async #keep(
    examples: readonly LabelledExample[],
    by: { readonly projectId: string; readonly userId: string },
  ): Promise<string> {
    const lines = examples.map((example) => Buffer.from(`${JSON.stringify(example)}\n`));
    const { digest } = await this.#parts.examples.put(Readable.from(lines), 'jsonl');
    await this.#parts.resources.addExamples(digest, by.projectId, by.userId);
    return digest;
  }

  #row(name: string): Promise<ProgramTaskTable | undefined> {
    return this.#parts.database.selectFrom('program_tasks').selectAll().where('name', '=', name).executeTakeFirst();
  }
}

function alreadyThere(name: string): PlatformError {
  return new PlatformError('TASK_ALREADY_EXISTS', `Cannot keep the task "${name}": there is one of this name`);
}
