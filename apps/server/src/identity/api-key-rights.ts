import { type CreateApiKeyRequest, PlatformError } from '@loopwright/protocol';
import { type Principal, type Role, capRole } from './principal.ts';

/** A key that is to be made. */
export interface NewKey {
  readonly userId: string;
  readonly name: string;
  readonly roleCap: Role | null;
  readonly scopes: readonly string[] | null;
  readonly projects: readonly string[] | null;
}

/** Whether somebody acts for the whole house: an administrator whose credential is not restricted. */
export function isUnrestrictedAdmin({ role, scopes, onlyProjects }: Principal): boolean {
  return role === 'admin' && scopes === null && onlyProjects === null;
}

/**
 * The key that a request asks for. No key does more than what it was made with: a restricted credential makes keys that are restricted at least as much,
 * else the restriction would be worth nothing. Throws FORBIDDEN.
 */
export function checkGrantable(maker: Principal, request: CreateApiKeyRequest): NewKey {
  const userId = request.user_id ?? maker.userId;
  if (userId !== maker.userId && !isUnrestrictedAdmin(maker))
    throw new PlatformError('FORBIDDEN', 'Cannot make the key: only an administrator makes keys for others');
  const roleCap = request.role === undefined || request.role === null ? maker.roleCap : request.role;
  if (roleCap !== null && capRole(roleCap, maker.roleCap) !== roleCap)
    throw new PlatformError('FORBIDDEN', `Cannot make the key: the role "${roleCap}" is more than this credential may`);
  return {
    userId,
    name: request.name,
    roleCap,
    scopes: within('scopes', request.scopes ?? null, maker.scopes),
    projects: within('projects', request.projects ?? null, maker.onlyProjects === null ? null : [...maker.onlyProjects]),
  };
}

function within(what: string, asked: readonly string[] | null, own: readonly string[] | null): readonly string[] | null {
  const beyond = own === null ? undefined : asked?.find((item) => !own.includes(item));
  if (beyond !== undefined)
    throw new PlatformError('FORBIDDEN', `Cannot make the key: its ${what} go beyond those of this credential`, {
      details: { beyond },
    });
  return asked ?? own;
}
