import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@loopwright/protocol';
import type { FastifyBaseLogger } from 'fastify';
import type { ServerDatabase } from '../database/server-database.ts';
import type { AuditLog } from './audit-log.ts';
import type { AuditTable } from './audit-table.ts';

/** How often it is looked for entries that are old enough, in milliseconds. */
const EVERY_MS = 6 * 60 * 60_000;
/** The most entries of one file. */
const SEGMENT_LIMIT = 10_000;

/** What the retention of the log works with. */
export interface AuditRetentionParts {
  readonly database: ServerDatabase;
  readonly audit: AuditLog;
  readonly clock: Clock;
  /** Folder of the exported entries. */
  readonly dir: string;
  /** How long an entry stays in the tables, in milliseconds. */
  readonly keepMs: number;
  readonly log: Pick<FastifyBaseLogger, 'error' | 'info'>;
}

/**
 * Moves what is too old out of the tables: the oldest entries go to a file (JSON Lines, one segment of the chain), an entry of the log says up to
 * which and with which digest, and then they are deleted. A process that dies in between exports and prunes them again.
 */
export function startAuditRetention(parts: AuditRetentionParts): Disposable {
  let cancel: () => void = () => undefined;
  let isStopped = false;
  const look = (): void => {
    pruneAudit(parts)
      .catch((error: unknown) => parts.log.error({ err: error }, 'Cannot prune the audit log'))
      .finally(() => {
        if (!isStopped) cancel = parts.clock.schedule(EVERY_MS, look);
      });
  };
  look();
  return {
    [Symbol.dispose]: () => {
      isStopped = true;
      cancel();
    },
  };
}

/** Exports and removes every entry that is too old, segment by segment; gives how many. */
export async function pruneAudit(parts: AuditRetentionParts): Promise<number> {
  let pruned = 0;
  for (;;) {
    const count = await pruneSegment(parts);
    pruned += count;
    if (count < SEGMENT_LIMIT) return pruned;
  }
}

async function pruneSegment({ database, audit, clock, dir, keepMs, log }: AuditRetentionParts): Promise<number> {
  const rows = await database.selectFrom('audit').selectAll().orderBy('seq').limit(SEGMENT_LIMIT).execute();
  const until = clock.now() - keepMs;
  // Clocks go back sometimes: only what lies before the first entry that is to stay goes.
  const kept = rows.findIndex(({ at }) => at > until);
  const old = kept === -1 ? rows : rows.slice(0, kept);
  const last = old.at(-1);
  if (last === undefined) return 0;
  const file = await exportSegment(dir, old);
  const after = JSON.stringify({ digest: last.digest, count: old.length, file });
  await audit.append({ kind: 'pruned', operation: 'prune', object_kind: 'audit', object_id: String(last.seq), after });
  await database.deleteFrom('audit').where('seq', '<=', last.seq).execute();
  log.info({ up_to: last.seq, file }, 'Pruned the audit log');
  return old.length;
}

async function exportSegment(dir: string, rows: readonly AuditTable[]): Promise<string> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const name = `audit-${rows[0]?.seq ?? 0}-${rows.at(-1)?.seq ?? 0}.jsonl`;
  const temporary = join(dir, `${name}.tmp`);
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, join(dir, name));
  const folder = await open(dir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
  return name;
}
