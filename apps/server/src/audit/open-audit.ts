import { join } from 'node:path';
import type { Clock, Random } from '@loopwright/protocol';
import type { FastifyBaseLogger } from 'fastify';
import type { ServerDatabase } from '../database/server-database.ts';
import { AuditLog } from './audit-log.ts';
import { startAuditRetention } from './audit-retention.ts';

const DAY_MS = 86_400_000;

/** What the audit log is opened with. */
export interface AuditOptions {
  readonly database: ServerDatabase;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: FastifyBaseLogger;
  readonly dataDir: string;
  /** Days that entries stay in the table; null for ever. */
  readonly retentionDays: number | null;
}

/**
 * Opens the audit log for a server: changes that the last process did not finish get an outcome that nobody knows, and what is too old is moved to
 * files. The end of the chain goes to the server's log: kept there, it shows later whether entries were cut off at the end.
 */
export async function openAudit({ retentionDays, dataDir, ...parts }: AuditOptions): Promise<{ audit: AuditLog } & Disposable> {
  const audit = new AuditLog(parts);
  const cutOff = await audit.closeCutOff();
  const { seq, digest } = await audit.head();
  parts.log.info({ audit_seq: seq, audit_digest: digest, cut_off: cutOff }, 'Opened the audit log');
  if (retentionDays === null) return { audit, [Symbol.dispose]: () => undefined };
  const dir = join(dataDir, 'audit');
  const retention = startAuditRetention({ ...parts, audit, dir, keepMs: retentionDays * DAY_MS });
  return { audit, [Symbol.dispose]: () => retention[Symbol.dispose]() };
}
