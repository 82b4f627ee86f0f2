import type { Role } from '../identity/principal.ts';

/** What somebody may in one project; `none` hides it. */
export type GrantRole = Role | 'none';

const VIEWER = [
  'audit:read',
  'examples:read',
  'executions:read',
  'programs:read',
  'tasks:read',
  'webhooks:read',
  'workflows:read',
] as const;
const OPERATOR = [
  ...VIEWER,
  'events:publish',
  'examples:write',
  'executions:write',
  'metrics:read',
  'modules:call',
  'modules:read',
  'programs:execute',
  'schedules:write',
  'tasks:decide',
  'webhooks:write',
] as const;
const ADMIN = [...OPERATOR, 'modules:admin', 'programs:promote', 'projects:admin', 'users:admin'] as const;

/** Everything that can be allowed, and that a key can be restricted to. */
export type Permission = (typeof ADMIN)[number];

/** What each role may. */
export const ROLE_PERMISSIONS: Readonly<Record<Role, readonly Permission[]>> = {
  viewer: VIEWER,
  operator: OPERATOR,
  admin: ADMIN,
};

/** Every permission, sorted. */
export const PERMISSIONS: readonly Permission[] = [...ADMIN].sort();

/** Whether a role may something. */
export function roleHas(role: GrantRole, permission: Permission): boolean {
  return role !== 'none' && ROLE_PERMISSIONS[role].includes(permission);
}
