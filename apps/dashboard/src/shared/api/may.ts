import type { Me } from '@loopwright/protocol';

const ORDER = ['viewer', 'operator', 'admin'] as const;

/** What the server would say, from the table that it decides by. */
export function may(
  me: Pick<Me, 'role' | 'grants' | 'role_cap' | 'scopes' | 'projects'>,
  roles: Readonly<Record<string, readonly string[] | undefined>>,
  { permission, projectId }: { permission: string; projectId: string | undefined },
): boolean {
  if (me.scopes !== null && !me.scopes.includes(permission)) return false;
  if (projectId !== undefined && me.projects !== null && !me.projects.includes(projectId)) return false;
  const granted = projectId === undefined ? undefined : me.grants.find(({ project_id }) => project_id === projectId)?.role;
  const role = granted ?? me.role;
  const capped = me.role_cap === null || ORDER.indexOf(role) <= ORDER.indexOf(me.role_cap) ? role : me.role_cap;
  return roles[capped]?.includes(permission) ?? false;
}
