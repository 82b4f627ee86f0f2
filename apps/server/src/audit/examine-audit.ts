import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Finding } from '@loopwright/engine';
import { messageOf } from '@loopwright/protocol';
import { z } from 'zod';
import { ChainCheck } from './audit-chain.ts';
import type { AuditTable } from './audit-table.ts';

const rowSchema = z.looseObject({ seq: z.number(), kind: z.string(), digest: z.string(), previous_digest: z.string() });

/** What is wrong with the audit log in a data folder, beside a running server or without one; nothing is written. */
export function examineAudit(dataDir: string): Finding {
  const file = join(dataDir, 'server.db');
  if (!existsSync(file)) return { severity: 'info', check: 'audit', message: 'There is no audit log yet.', fix: '' };
  try {
    return examine(file);
  } catch (error) {
    const message = `Cannot read the audit log: ${messageOf(error)}`;
    return { severity: 'error', check: 'audit', message, fix: 'Restore server.db from a backup' };
  }
}

function examine(file: string): Finding {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const check = new ChainCheck();
    for (const row of database.prepare('SELECT * FROM audit ORDER BY seq').iterate())
      if (!check.add({ ...(rowSchema.parse(row) as unknown as AuditTable) })) break;
    const { broken_at: broken, checked, head_digest } = check.result();
    if (broken === null)
      return { severity: 'info', check: 'audit', message: `${checked} entries hold together, up to ${head_digest}.`, fix: '' };
    const message = `The entry ${broken.seq} of the audit log was tampered with or damaged: ${broken.reason}.`;
    return {
      severity: 'error',
      check: 'audit',
      message,
      fix: 'Compare server.db with a backup, and find out who could write it',
    };
  } finally {
    database.close();
  }
}
