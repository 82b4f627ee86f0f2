import type { Clock } from '@loopwright/protocol';
import { z } from 'zod';
import { EVERY_PROJECT } from '../authorization/access.ts';
import type { ServerDatabase } from '../database/server-database.ts';
import type { MaySee } from '../events/may-see.ts';
import { type Principal, type Role, UNRESTRICTED } from '../identity/principal.ts';
import { mayManage } from './may-manage.ts';
import type { StoredWebhook } from './subscriptions.ts';

const roleSchema = z.enum(['viewer', 'operator', 'admin']);
/** With what a webhook was made, as far as it matters later. */
const madeWithSchema = z.object({
  /** The API key that was shown, or with which the session was opened. */
  key_id: z.string().nullable(),
  role: roleSchema,
  /** Whether the role is not that of the tables but what an identity provider said, or that of somebody on this machine: it cannot be asked again. */
  is_claimed: z.boolean(),
  projects: z.record(z.string(), roleSchema),
  scopes: z.array(z.string()).nullable(),
  role_cap: roleSchema.nullable(),
  only_projects: z.array(z.string()).nullable(),
});
type MadeWith = z.infer<typeof madeWithSchema>;

/** Of what the rights of creators are read. */
export interface CreatorRightsParts {
  readonly database: ServerDatabase;
  readonly maySee: MaySee;
  readonly clock: Clock;
}

/** What the creators of webhooks may now: what they may not see themselves is not sent to their receivers. */
export class CreatorRights {
  readonly #parts: CreatorRightsParts;

  constructor(parts: CreatorRightsParts) {
    this.#parts = parts;
  }

  /** What is kept of who makes a webhook. */
  async madeWith(maker: Principal): Promise<string> {
    const session = maker.method === 'session' ? await this.#session(maker.credentialId) : undefined;
    const keyId = maker.method === 'api_key' ? maker.credentialId : (session?.key_id ?? null);
    const kept: MadeWith = {
      key_id: keyId,
      role: maker.role,
      // The role of a key is that of the tables, perhaps less.
      is_claimed: keyId === null && maker.role !== (await this.#roleOf(maker.userId)),
      projects: Object.fromEntries(maker.projects),
      scopes: maker.scopes === null ? null : [...maker.scopes],
      role_cap: maker.roleCap,
      only_projects: maker.onlyProjects === null ? null : [...maker.onlyProjects],
    };
    return JSON.stringify(kept);
  }

  /** Why the creator of a webhook may not see what belongs to a project (`null`: to all of them), as one sentence; nothing when he may. */
  async refusal(
    row: Pick<StoredWebhook, 'created_by' | 'made_with' | 'project_id'>,
    projectId: string | null,
  ): Promise<string | undefined> {
    const creator = await this.#creator(row);
    if (typeof creator === 'string') return creator;
    const { maySee } = this.#parts;
    const mayHave = mayManage(creator, row.project_id, maySee);
    if (mayHave && maySee(creator, projectId ?? EVERY_PROJECT)) return undefined;
    const what = (mayHave ? projectId : row.project_id) ?? EVERY_PROJECT;
    const where = what === EVERY_PROJECT ? 'all projects' : `the project "${what}"`;
    return `its creator "${row.created_by}" may not see ${where} any more`;
  }

  async #creator({
    created_by: userId,
    made_with: text,
  }: Pick<StoredWebhook, 'created_by' | 'made_with'>): Promise<Principal | string> {
    const made = text === null ? undefined : madeWithSchema.parse(JSON.parse(text));
    const known = await this.#roleOf(userId);
    const role = made?.is_claimed === true ? made.role : (known ?? made?.role ?? 'viewer');
    const common = { ...UNRESTRICTED, userId, email: null, method: 'api_key', credentialId: null } as const;
    if (made === undefined) return { ...common, role, projects: new Map() };
    const projects = new Map(Object.entries(made.projects));
    const rights = made.key_id === null ? made : await this.#rightsOfKey(made.key_id);
    if (typeof rights === 'string') return rights;
    const { scopes, role_cap: roleCap, only_projects: only } = rights;
    return { ...common, role, projects, scopes, roleCap, onlyProjects: only === null ? null : new Set(only) };
  }

  /** What an API key may now; a sentence when it is of no use any more. */
  async #rightsOfKey(keyId: string): Promise<Pick<MadeWith, 'scopes' | 'role_cap' | 'only_projects'> | string> {
    const key = await this.#parts.database.selectFrom('api_keys').selectAll().where('key_id', '=', keyId).executeTakeFirst();
    if (key === undefined) return 'the API key that it was made with is gone';
    if (key.revoked_at !== null) return 'the API key that it was made with was revoked';
    if (key.expires_at !== null && key.expires_at <= this.#parts.clock.now())
      return 'the API key that it was made with has expired';
    const list = (text: string | null): string[] | null => (text === null ? null : z.array(z.string()).parse(JSON.parse(text)));
    return { scopes: list(key.scopes), role_cap: key.role_cap, only_projects: list(key.projects) };
  }

  async #roleOf(userId: string): Promise<Role | undefined> {
    const users = this.#parts.database.selectFrom('users').select('role').where('user_id', '=', userId);
    return (await users.executeTakeFirst())?.role;
  }

  async #session(id: string | null): Promise<{ key_id: string | null } | undefined> {
    return this.#parts.database
      .selectFrom('sessions')
      .select('key_id')
      .where('session_id', '=', id ?? '')
      .executeTakeFirst();
  }
}
