import type { ProgramStore } from '@loopwright/edge';
import type { Engine } from '@loopwright/engine';
import type { Clock, Random } from '@loopwright/protocol';
import type { FastifyBaseLogger } from 'fastify';
import type { AuditLog } from '../audit/audit-log.ts';
import { openAudit } from '../audit/open-audit.ts';
import type { Configuration } from '../config/settings.ts';
import type { ServerDatabase } from '../database/server-database.ts';
import type { Role } from '../identity/principal.ts';
import { adoptPrograms } from '../programs/adopt-programs.ts';
import type { ProgramService } from '../programs/program-service.ts';
import { type Authorization, openAuthorization } from './authorization.ts';
import type { ResourceProjects } from './resource-projects.ts';

/** What permissions are opened with. */
export interface PermissionParts {
  readonly database: ServerDatabase;
  readonly engine: Engine;
  readonly programs: ProgramStore;
  readonly served: ProgramService;
  readonly resources: ResourceProjects;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: FastifyBaseLogger;
}

/** What a server needs to know who may what, and to record who did. */
export interface Permissions extends Disposable {
  readonly authorization: Authorization;
  readonly audit: AuditLog;
  /** The role of a user who comes for the first time. */
  readonly newUserRole: (userId: string) => Role;
}

/** Opens permissions and the audit log as the settings say: appoints administrators, and finds the projects of programs that were there before. */
export async function openPermissions(
  { admins, defaultRole, projectAccess, auditRetentionDays: retentionDays, dataDir }: Configuration,
  { database, engine, programs, served, resources, clock, random, log }: PermissionParts,
): Promise<Permissions> {
  const authorization = await openAuthorization({ database, engine, programs: served, resources, projectAccess, clock });
  await authorization.users.appoint(admins, clock.now());
  await adoptPrograms(programs, engine, resources);
  const opened = await openAudit({ database, clock, random, log, dataDir, retentionDays });
  return {
    authorization,
    audit: opened.audit,
    newUserRole: (userId) => (admins.includes(userId) ? 'admin' : defaultRole),
    [Symbol.dispose]: () => opened[Symbol.dispose](),
  };
}
