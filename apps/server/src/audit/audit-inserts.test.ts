import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StatementSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { canonicalJson, systemClock, systemRandom } from '@loopwright/protocol';
import { openServerDatabase } from '../database/server-database.ts';
import { AuditLog } from './audit-log.ts';

/** What a row has, whatever the order of its columns. */
const sorted = (entries: [string, unknown][]): [string, unknown][] =>
  entries.toSorted(([one], [other]) => (one < other ? -1 : 1));

describe('entries that are asked for in one turn', () => {
  it('are one statement, whatever their requests waited for, and each has the digest of its canonical JSON', async (context) => {
    const dir = mkdtempSync(join(tmpdir(), 'loopwright-audit-'));
    const database = openServerDatabase({ dir, durability: 'process', clock: systemClock });
    context.after(async () => {
      await database.destroy();
      rmSync(dir, { recursive: true, force: true });
    });
    const audit = new AuditLog({ database, clock: systemClock, random: systemRandom });
    const { mock: runs } = context.mock.method(StatementSync.prototype, 'run');
    const rows = await Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        for (let waits = 0; waits < index; waits += 1) await Promise.resolve();
        return audit.append({ kind: 'intent', operation: `POST /${index}`, before: '{"b":"ü\\n","a":1}', status: null });
      }),
    );
    assert.deepEqual([runs.callCount(), rows.map(({ seq }) => seq)], [1, rows.map((_, index) => index + 1)]);
    const stored = await database.selectFrom('audit').selectAll().orderBy('seq').execute();
    assert.deepEqual(
      stored.map((row) => sorted(Object.entries(row))),
      rows.map((row) => sorted(Object.entries(row))),
    );
    for (const { digest, ...entry } of rows)
      assert.equal(
        digest,
        createHash('sha256')
          .update(canonicalJson({ ...entry }))
          .digest('hex'),
      );
  });
});
