import type { MaySee } from '../events/may-see.ts';
import type { Principal } from '../identity/principal.ts';

/** Whether somebody may see and change the webhooks of a project. Those of all projects (`null`) are for administrators of all. */
export function mayManage(principal: Principal, projectId: string | null, maySee: MaySee): boolean {
  if (projectId !== null) return maySee(principal, projectId);
  return principal.role === 'admin' && [...principal.projects.values()].every((role) => role === 'admin');
}
