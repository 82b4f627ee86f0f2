import { DEFAULT_PROJECT } from '@loopwright/engine';
import { type Clock, PlatformError } from '@loopwright/protocol';
import type { ServerDatabase } from '../database/server-database.ts';
import type { ExampleProjectTable } from './authorization-tables.ts';

/** Who uses something: an execution, by its project and by who started it. */
export interface Usage {
  readonly projectId: string;
  readonly startedBy: string;
}

/**
 * The projects of sets of examples and of programs, which are kept under their own names. What was there before projects were written down belongs
 * to the project `default`.
 */
export class ResourceProjects {
  readonly #database: () => ServerDatabase;
  readonly #clock: Clock;

  constructor({ database, clock }: { database: () => ServerDatabase; clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Takes note that a set of examples was sent for a project. The same set may belong to several. */
  async addExamples(digest: string, projectId: string, sentBy: string): Promise<void> {
    await this.#database()
      .insertInto('example_projects')
      .values({ digest, project_id: projectId, sent_by: sentBy, sent_at: this.#clock.now() })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  /** The projects that a set of examples belongs to. */
  async projectsOfExamples(digest: string): Promise<string[]> {
    const rows = await this.#database()
      .selectFrom('example_projects')
      .select('project_id')
      .distinct()
      .where('digest', '=', digest)
      .execute();
    return rows.length === 0 ? [DEFAULT_PROJECT] : rows.map(({ project_id }) => project_id);
  }

  /**
   * Lets an execution use a set of examples of its project, one that was sent for no project in particular, or one that was sent by who started it,
   * which belongs to its project from then on. Throws EXAMPLES_NOT_FOUND, as for a set that is not there.
   */
  async useExamples(digest: string, { projectId, startedBy }: Usage): Promise<void> {
    const rows = await this.#database().selectFrom('example_projects').selectAll().where('digest', '=', digest).execute();
    const isOpen = ({ project_id }: ExampleProjectTable): boolean => project_id === projectId || project_id === DEFAULT_PROJECT;
    if (rows.length === 0 || rows.some(isOpen)) return;
    if (!rows.some(({ sent_by }) => sent_by === startedBy)) throw noSuchExamples(digest);
    await this.addExamples(digest, projectId, startedBy);
  }

  /** The project of a program. */
  async projectOfProgram(name: string): Promise<string> {
    const row = await this.#database()
      .selectFrom('program_projects')
      .select('project_id')
      .where('name', '=', name)
      .executeTakeFirst();
    return row?.project_id ?? DEFAULT_PROJECT;
  }

  /** The projects of programs, by their names; those that are missing belong to `default`. */
  async projectsOfPrograms(): Promise<ReadonlyMap<string, string>> {
    const rows = await this.#database().selectFrom('program_projects').select(['name', 'project_id']).execute();
    return new Map(rows.map(({ name, project_id }) => [name, project_id]));
  }

  /** Tells of each program whether it is in a project of a kind. */
  async programsIn(isMeant: (projectId: string) => boolean): Promise<(name: string) => boolean> {
    const projects = await this.projectsOfPrograms();
    return (name) => isMeant(projects.get(name) ?? DEFAULT_PROJECT);
  }

  /**
   * Lets an execution work on a program: the first one takes the name for its project. Throws CONFLICT when the name is another project's: there is
   * one program of a name on the edge.
   */
  async claimProgram(name: string, { projectId }: Pick<Usage, 'projectId'>): Promise<void> {
    await this.#database()
      .insertInto('program_projects')
      .values({ name, project_id: projectId, claimed_at: this.#clock.now() })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    if ((await this.projectOfProgram(name)) === projectId) return;
    throw new PlatformError('CONFLICT', `Cannot work on the program "${name}": the name is taken by another project`);
  }

  /** The projects that something belongs to, after a name, in the order of their names. */
  async projects({ after, limit }: { after: string; limit: number }): Promise<string[]> {
    const page = (table: 'example_projects' | 'program_projects'): Promise<{ project_id: string }[]> =>
      this.#database()
        .selectFrom(table)
        .select('project_id')
        .distinct()
        .where('project_id', '>', after)
        .orderBy('project_id')
        .limit(limit)
        .execute();
    return [...(await page('example_projects')), ...(await page('program_projects'))].map(({ project_id }) => project_id);
  }
}

/** What is said of examples that are not there. */
export function noSuchExamples(digest: string): PlatformError {
  return new PlatformError(
    'EXAMPLES_NOT_FOUND',
    `Cannot read the examples "${digest.slice(0, 64)}": there are none with this digest`,
  );
}
