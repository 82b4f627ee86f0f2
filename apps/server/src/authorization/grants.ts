import type { Grant } from '@loopwright/protocol';
import { type Clock, PlatformError, isoTime } from '@loopwright/protocol';
import type { ServerDatabase } from '../database/server-database.ts';
import type { GrantTable } from './authorization-tables.ts';
import type { GrantRole } from './roles.ts';

/** Users whose grants are remembered. */
const REMEMBERED_LIMIT = 1000;

/** What users may in single projects. One process has the tables, so what it remembers is true until it writes. */
export class Grants {
  readonly #database: ServerDatabase;
  readonly #clock: Clock;
  readonly #remembered = new Map<string, ReadonlyMap<string, GrantRole>>();

  constructor({ database, clock }: { database: ServerDatabase; clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
  }

  /** All grants of a user by project. */
  async of(userId: string): Promise<ReadonlyMap<string, GrantRole>> {
    const known = this.#remembered.get(userId);
    if (known !== undefined) return known;
    const rows = await this.#database.selectFrom('grants').select(['project_id', 'role']).where('user_id', '=', userId).execute();
    const grants = new Map(rows.map(({ project_id, role }) => [project_id, role]));
    this.#remembered.set(userId, grants);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > REMEMBERED_LIMIT && oldest !== undefined) this.#remembered.delete(oldest);
    return grants;
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
    this.#remembered.delete(grant.user_id);
    return viewOf(row);
  }

  /** Takes a grant away: the role on the platform counts again. Throws GRANT_NOT_FOUND. */
  async remove(projectId: string, userId: string): Promise<Grant> {
    const found = await this.find(projectId, userId);
    if (found === undefined) throw noSuchGrant(projectId, userId);
    await this.#database.deleteFrom('grants').where('user_id', '=', userId).where('project_id', '=', projectId).execute();
    this.#remembered.delete(userId);
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
}

/** What is said of a grant that is not there. */
export function noSuchGrant(projectId: string, userId: string): PlatformError {
  return new PlatformError('GRANT_NOT_FOUND', `Cannot find a grant of "${userId}" in the project "${projectId}"`);
}

function viewOf({ granted_at, ...grant }: GrantTable): Grant {
  return { ...grant, granted_at: isoTime(granted_at) };
}
