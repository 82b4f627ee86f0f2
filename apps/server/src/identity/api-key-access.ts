import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { KeyRights } from './api-key-rights.ts';
import type { ApiKeyTable } from './credential-tables.ts';
import { type Principal, type Role, capRole } from './principal.ts';
import { SECRET_CHARACTERS } from './secret-text.ts';

/** What an API key looks like: `lw_`, the id of the key, its secret. Secret scanners find it by the prefix. */
export const SECRET_FORM = new RegExp(`^lw_([0-9A-Za-z]{8})_[0-9A-Za-z]{${SECRET_CHARACTERS}}$`);

/** Somebody with rights, or why there is nobody: for the log, never for the caller. */
export type KeyAccess = { readonly principal: Principal } | { readonly refused: string };

const listSchema = z.array(z.string());

/** The permissions or the projects that a row restricts a key to. */
export function listIn(text: string | null): string[] | null {
  return text === null ? null : listSchema.parse(JSON.parse(text));
}

/** What a stored key may. */
export function keyRights({ role_cap, scopes, projects, expires_at }: Selectable<ApiKeyTable>): KeyRights {
  return { roleCap: role_cap, scopes: listIn(scopes), projects: listIn(projects), expiresAt: expires_at };
}

/** Who acts with a key whose secret was right, as long as the key is good. */
export function keyPrincipal(key: Selectable<ApiKeyTable>, owner: { role: Role; email: string | null }, now: number): KeyAccess {
  if (key.revoked_at !== null) return { refused: 'revoked key' };
  if (key.expires_at !== null && key.expires_at <= now) return { refused: 'expired key' };
  const projects = listIn(key.projects);
  return {
    principal: {
      userId: key.user_id,
      email: owner.email,
      method: 'api_key',
      role: capRole(owner.role, key.role_cap),
      projects: new Map(),
      scopes: listIn(key.scopes),
      credentialId: key.key_id,
      roleCap: key.role_cap,
      onlyProjects: projects === null ? null : new Set(projects),
      expiresAt: key.expires_at,
      keysUntil: key.expires_at,
    },
  };
}
