import { type CreateApiKeyRequest, PlatformError } from '@loopwright/protocol';
import { type Principal, type Role, capRole } from './principal.ts';

/** A key that is to be made. */
export interface NewKey {
  readonly userId: string;
  readonly name: string;
  readonly roleCap: Role | null;
  readonly scopes: readonly string[] | null;
  readonly projects: readonly string[] | null;
  readonly expiresAt: number | null;
}

/** What a key may, as it is stored. */
export interface KeyRights {
  readonly roleCap: Role | null;
  readonly scopes: readonly string[] | null;
  readonly projects: readonly string[] | null;
  readonly expiresAt: number | null;
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
  const rights = {
    roleCap: request.role ?? maker.roleCap,
    scopes: request.scopes ?? maker.scopes,
    projects: request.projects ?? (maker.onlyProjects === null ? null : [...maker.onlyProjects]),
    expiresAt: request.expires_at === undefined || request.expires_at === null ? maker.keysUntil : Date.parse(request.expires_at),
  };
  checkWithin(maker, rights);
  return { userId, name: request.name, ...rights };
}

/** Throws FORBIDDEN when a key may anything that the credential may not: then the credential neither makes it nor gets its new secret. */
export function checkWithin(maker: Principal, rights: KeyRights): void {
  const { roleCap, scopes, onlyProjects, keysUntil } = maker;
  const isHigher = roleCap !== null && (rights.roleCap === null || capRole(rights.roleCap, roleCap) !== rights.roleCap);
  const isLonger = keysUntil !== null && (rights.expiresAt === null || rights.expiresAt > keysUntil);
  const beyond = [
    ...(isHigher ? ['role'] : []),
    ...(isWithin(rights.scopes, scopes) ? [] : ['scopes']),
    ...(isWithin(rights.projects, onlyProjects === null ? null : [...onlyProjects]) ? [] : ['projects']),
    ...(isLonger ? ['expires_at'] : []),
  ];
  if (beyond.length > 0)
    throw new PlatformError(
      'FORBIDDEN',
      `Cannot do this with the key: its ${beyond.join(', ')} would go beyond this credential`,
      {
        details: { beyond },
      },
    );
}

function isWithin(asked: readonly string[] | null, own: readonly string[] | null): boolean {
  return own === null || asked?.every((item) => own.includes(item)) === true;
}
