import type { Engine } from '@loopwright/engine';
import type { Clock } from '@loopwright/protocol';
import type { ServerDatabase } from '../database/server-database.ts';
import type { ProgramService } from '../programs/program-service.ts';
import type { Principal } from '../identity/principal.ts';
import { Access, type ProjectAccess } from './access.ts';
import { Grants } from './grants.ts';
import type { ResourceProjects } from './resource-projects.ts';
import { Subjects } from './subjects.ts';
import { UserRoles } from './user-roles.ts';

/** Everything that decides what a request may. */
export interface Authorization {
  readonly grants: Grants;
  readonly users: UserRoles;
  readonly resources: ResourceProjects;
  readonly subjects: Subjects;
  readonly projectAccess: ProjectAccess;
  /** Whether somebody sees the executions of a project now, for streams that outlive their request. Answers from memory. */
  readonly maySee: (principal: Principal, projectId: string) => boolean;
}

/** What it is made of. */
export interface AuthorizationParts {
  readonly database: ServerDatabase;
  readonly engine: Engine;
  readonly programs: ProgramService;
  readonly resources: ResourceProjects;
  readonly projectAccess: ProjectAccess;
  readonly clock: Clock;
}

/** Puts together what decides what a request may. */
export async function openAuthorization(parts: AuthorizationParts): Promise<Authorization> {
  const { database, engine, programs, resources, projectAccess, clock } = parts;
  const grants = await Grants.open({ database, clock });
  const users = new UserRoles(database);
  return {
    grants,
    users,
    resources,
    projectAccess,
    subjects: new Subjects({ database, engine, programs, grants, users, resources }),
    maySee: (principal, projectId) =>
      new Access(principal, grants.of(principal.userId), projectAccess).mayIn(projectId, 'executions:read'),
  };
}
