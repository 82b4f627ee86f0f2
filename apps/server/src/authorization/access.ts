import type { ProjectScope } from '@loopwright/engine';
import { type Principal, type Role, capRole } from '../identity/principal.ts';
import { type GrantRole, type Permission, roleHas } from './roles.ts';

/** Whether the role on the platform counts in projects for which a user has no grant, or an administrator's only. */
export type ProjectAccess = 'open' | 'granted';

/** Stands for all projects at once: what concerns all of them belongs to the administrators of the platform. */
export const EVERY_PROJECT = '*';

/**
 * What the maker of one request may.
 *
 * A1 In a project counts the grant that is stored, else what the credential says of the project, else the role on the platform.
 * A2 What the credential is restricted to (scopes, a role, projects) caps all of it.
 * A3 Only an administrator of the platform may change the grants of a project in which nobody else may.
 */
export class Access {
  /** The role that counts where no project is concerned. A credential for some projects only looks there. */
  readonly platformRole: Role;
  readonly #principal: Principal;
  readonly #grants: ReadonlyMap<string, GrantRole>;
  readonly #otherwise: GrantRole;

  constructor(principal: Principal, stored: ReadonlyMap<string, GrantRole>, projectAccess: ProjectAccess) {
    const { role, roleCap, onlyProjects, projects } = principal;
    this.#principal = principal;
    this.#grants = projects.size === 0 ? stored : new Map<string, GrantRole>([...projects, ...stored]);
    this.#otherwise = projectAccess === 'open' || role === 'admin' ? role : 'none';
    this.platformRole = capRole(onlyProjects === null ? role : 'viewer', capRole(role, roleCap));
  }

  /** The role in a project. */
  roleOn(projectId: string): GrantRole {
    if (projectId === EVERY_PROJECT) return this.platformRole === 'admin' ? 'admin' : 'none';
    const { onlyProjects, roleCap } = this.#principal;
    if (onlyProjects !== null && !onlyProjects.has(projectId)) return 'none';
    const role = this.#grants.get(projectId) ?? this.#otherwise;
    return role === 'none' ? role : capRole(role, roleCap);
  }

  /** The projects that the caller sees in which another role counts than elsewhere. */
  grants(): { readonly project_id: string; readonly role: Role }[] {
    return [...this.#grants.keys()].flatMap((project_id) => {
      const role = this.roleOn(project_id);
      return role === 'none' ? [] : [{ project_id, role }];
    });
  }

  /** Whether a project, and what belongs to it, is there at all for the caller. */
  sees(projectId: string): boolean {
    return this.roleOn(projectId) !== 'none';
  }

  /** Whether something is allowed in a project. */
  mayIn(projectId: string, permission: Permission): boolean {
    if (!this.#hasScope(permission)) return false;
    if (permission === 'projects:admin' && this.platformRole === 'admin') return true;
    return roleHas(this.roleOn(projectId), permission);
  }

  /** Whether something is allowed where no project is concerned. */
  mayOnPlatform(permission: Permission): boolean {
    return this.#hasScope(permission) && roleHas(this.platformRole, permission);
  }

  /** Whether something is allowed somewhere, so that asking for all of it has an answer. */
  mayAnywhere(permission: Permission): boolean {
    if (this.mayOnPlatform(permission)) return true;
    const scope = this.scope(permission);
    return 'except' in scope || scope.only.length > 0;
  }

  /** The projects in which something is allowed. */
  scope(permission: Permission): ProjectScope {
    if (!this.#hasScope(permission)) return { only: [] };
    const { onlyProjects, roleCap } = this.#principal;
    const isAllowed = (projectId: string): boolean => roleHas(this.roleOn(projectId), permission);
    if (onlyProjects !== null) return { only: [...onlyProjects].filter(isAllowed) };
    const otherwise = this.#otherwise === 'none' ? 'none' : capRole(this.#otherwise, roleCap);
    const known = [...this.#grants.keys()];
    if (roleHas(otherwise, permission)) return { except: known.filter((projectId) => !isAllowed(projectId)) };
    return { only: known.filter(isAllowed) };
  }

  #hasScope(permission: Permission): boolean {
    return this.#principal.scopes?.includes(permission) ?? true;
  }
}
