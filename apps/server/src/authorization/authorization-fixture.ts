import type { Engine } from '@loopwright/engine';
import { systemClock, systemRandom } from '@loopwright/protocol';
import { AuditLog } from '../audit/audit-log.ts';
import type { ServerDatabase } from '../database/server-database.ts';
import type { ProgramService } from '../programs/program-service.ts';
import { type Authorization, openAuthorization } from './authorization.ts';
import { ResourceProjects } from './resource-projects.ts';

/** What a test server has of permissions and of the audit log. */
export interface TestAuthorization {
  readonly authorization: Authorization;
  readonly audit: AuditLog;
}

/** Permissions and the audit log of a test server, on its tables; the platform's roles count in every project. */
export async function openTestAuthorization(
  database: ServerDatabase,
  { engine, programs }: { engine: Engine; programs: ProgramService },
): Promise<TestAuthorization> {
  const parts = { database, clock: systemClock };
  const resources = new ResourceProjects({ ...parts, database: () => database });
  const authorization = await openAuthorization({ ...parts, engine, programs, resources, projectAccess: 'open' });
  return { authorization, audit: new AuditLog({ ...parts, random: systemRandom }) };
}
