import type { Grant } from '@loopwright/protocol';
import { type Clock, PlatformError, isoTime } from '@loopwright/protocol';
import type { ServerDatabase } from '../database/server-database.ts';
import type { GrantTable } from './authorization-tables.ts';
import type { GrantRole } from './roles.ts';

/** No grant at all. */
const NONE: ReadonlyMap<string, GrantRole> = new Map();

/**
 * What users may in single projects. All of it is in memory, because every request and every event of a stream asks; one process has the tables, so
 * that is true until it writes.
 */
export class Grants {
  readonly #database: ServerDatabase;
  readonly #clock: Clock;
  readonly #byUser: Map<string, Map<string, GrantRole>>;

  private constructor(
    { database, clock }: { database: ServerDatabase; clock: Clock },
    byUser: Map<string, Map<string, GrantRole>>,
  ) {
    this.#database = database;
    this.#clock = clock;
    this.#byUser = byUser;
  }

  /** Reads all grants. */
  static async open(parts: { database: ServerDatabase; clock: Clock }): Promise<Grants> {
    const grants = new Grants(parts, new Map());
    const rows = await parts.database.selectFrom('grants').select(['user_id', 'project_id', 'role']).execute();
    for (const row of rows) grants.#remember(row);
    return grants;
  }

  /** All grants of a user by project. */
  of(userId: string): ReadonlyMap<string, GrantRole> {
    return this.#byUser.get(userId) ?? NONE;
  }

  /** The grants of a project, by the names of the users after one. */
  async list(projectId: string, { after, limit }: { after: string; limit: number }): Promise<Grant[]> {
    const rows = await this.#database
      .selectFrom('grants')
      .selectAll()
      .where('project_id', '=', projectId)
      .where('user_id', '>', after)
      .orderBy('user_id')
      .limit(limit)
      .execute();
    return rows.map(viewOf);
  }

  /** One grant; nothing when the user has none in the project. */
  async find(projectId: string, userId: string): Promise<Grant | undefined> {
    const row = await this.#database
      .selectFrom('grants')
      .selectAll()
      .where('user_id', '=', userId)
      .where('project_id', '=', projectId)
      .executeTakeFirst();
    return row === undefined ? undefined : viewOf(row);
  }

  /** Gives a role in a project, in place of the one before. */
  async put(grant: Pick<GrantTable, 'project_id' | 'user_id' | 'role' | 'granted_by'>): Promise<Grant> {
    const row = { ...grant, granted_at: this.#clock.now() };
    const { role, granted_by, granted_at } = row;
    await this.#database
      .insertInto('grants')
      .values(row)
      .onConflict((conflict) => conflict.columns(['user_id', 'project_id']).doUpdateSet({ role, granted_by, granted_at }))
      .execute();
    this.#remember(grant);
    return viewOf(row);
  }

  /** Takes a grant away: the role on the platform counts again. Throws GRANT_NOT_FOUND. */
  async remove(projectId: string, userId: string): Promise<Grant> {
    const found = await this.find(projectId, userId);
    if (found === undefined) throw noSuchGrant(projectId, userId);
    await this.#database.deleteFrom('grants').where('user_id', '=', userId).where('project_id', '=', projectId).execute();
    this.#byUser.get(userId)?.delete(projectId);
    return found;
  }

  /** The projects in which somebody has a grant, after a name, in the order of their names. */
  async projects({ after, limit }: { after: string; limit: number }): Promise<string[]> {
    const rows = await this.#database
      .selectFrom('grants')
      .select('project_id')
      .distinct()
      .where('project_id', '>', after)
      .orderBy('project_id')
      .limit(limit)
      .execute();
    return rows.map(({ project_id }) => project_id);
  }

  #remember({ user_id, project_id, role }: Pick<GrantTable, 'user_id' | 'project_id' | 'role'>): void {
    const ofUser = this.#byUser.get(user_id) ?? new Map<string, GrantRole>();
    this.#byUser.set(user_id, ofUser.set(project_id, role));
  }
}

/** What is said of a grant that is not there. */
export function noSuchGrant(projectId: string, userId: string): PlatformError {
  return new PlatformError('GRANT_NOT_FOUND', `Cannot find a grant of "${userId}" in the project "${projectId}"`);
}

function viewOf({ granted_at, ...grant }: GrantTable): Grant {
  return { ...grant, granted_at: isoTime(granted_at) };
}
