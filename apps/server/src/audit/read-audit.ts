import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ProjectScope } from '@loopwright/engine';
import { type AuditEntry, type AuditVerification, isoTime } from '@loopwright/protocol';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { inProjects } from '../authorization/project-filter.ts';
import type { ServerDatabase } from '../database/server-database.ts';
import { ChainCheck } from './audit-chain.ts';
import type { AuditTable } from './audit-table.ts';

/** Which entries are listed. Times in milliseconds since 1970-01-01 UTC. */
export interface AuditQuery {
  readonly equal: Partial<
    Pick<AuditTable, 'user_id' | 'operation' | 'object_kind' | 'object_id' | 'project_id' | 'kind' | 'request_id'>
  >;
  /** Only those about the object of this id, and the one that says that it was made. */
  readonly about?: string | undefined;
  readonly from?: number | undefined;
  readonly before?: number | undefined;
  /** Only those of these projects; left out, all, those of no project included. */
  readonly projects?: ProjectScope | undefined;
  /** Only entries older than this one. */
  readonly beforeSeq?: number | undefined;
  readonly limit: number;
}

/** How many entries are checked before others have their turn. */
const CHECKED_AT_ONCE = 500;

/** A page of the audit log, the newest first. Entries never change and new ones come in front: a cursor stays where it is. */
export async function listAudit(database: ServerDatabase, query: AuditQuery): Promise<AuditTable[]> {
  const { equal, about, from, before, projects, beforeSeq, limit } = query;
  let rows = database.selectFrom('audit').selectAll().orderBy('seq', 'desc').limit(limit);
  for (const column of ['user_id', 'operation', 'object_kind', 'object_id', 'project_id', 'kind', 'request_id'] as const) {
    const value = equal[column];
    if (value !== undefined) rows = rows.where(column, '=', value);
  }
  if (about !== undefined) rows = rows.where(isAbout(about));
  if (from !== undefined) rows = rows.where('at', '>=', from);
  if (before !== undefined) rows = rows.where('at', '<', before);
  if (beforeSeq !== undefined) rows = rows.where('seq', '<', beforeSeq);
  // What concerns no project is the administrators' matter.
  if (projects !== undefined) rows = rows.where(inProjects(projects));
  return rows.execute();
}

/** By two indexes: going back through the whole log for the entries of one object would take as long as the log is. */
function isAbout(id: string): RawBuilder<SqlBool> {
  return sql<SqlBool>`seq IN (
    SELECT seq FROM audit WHERE object_id = ${id}
    UNION SELECT seq FROM audit INDEXED BY audit_of_made
    WHERE kind = 'outcome' AND coalesce(json_extract(after, '$.said.run_id'), json_extract(after, '$.said.execution_id')) = ${id})`;
}

/** Checks every entry that is left against the one before it, without holding others up. */
export async function verifyAudit(database: ServerDatabase): Promise<AuditVerification> {
  const check = new ChainCheck();
  for (let after = 0; ;) {
    const rows = await database
      .selectFrom('audit')
      .selectAll()
      .where('seq', '>', after)
      .orderBy('seq')
      .limit(CHECKED_AT_ONCE)
      .execute();
    const holds = rows.every((row) => check.add(row));
    after = rows.at(-1)?.seq ?? after;
    if (!holds || rows.length < CHECKED_AT_ONCE) return check.result();
    await nextTurn();
  }
}

/** An entry as the wire has it; from where a request came is shown to administrators only. */
export function auditView(row: AuditTable, { withOrigin }: { withOrigin: boolean }): AuditEntry {
  const { at, before, after, address, user_agent, ...rest } = row;
  return {
    ...rest,
    at: isoTime(at),
    address: withOrigin ? address : null,
    user_agent: withOrigin ? user_agent : null,
    before: before === null ? null : JSON.parse(before),
    after: after === null ? null : JSON.parse(after),
  };
}
