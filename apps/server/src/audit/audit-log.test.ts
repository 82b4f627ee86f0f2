import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Clock, systemClock, systemRandom } from '@loopwright/protocol';
import { pino } from 'pino';
import { type ServerDatabase, openServerDatabase } from '../database/server-database.ts';
import { ChainCheck } from './audit-chain.ts';
import { AuditLog } from './audit-log.ts';
import { pruneAudit } from './audit-retention.ts';
import type { AuditTable } from './audit-table.ts';
import { examineAudit } from './examine-audit.ts';
import { openAudit } from './open-audit.ts';
import { listAudit, verifyAudit } from './read-audit.ts';

let dir: string;
let database: ServerDatabase;
let audit: AuditLog;
let now: number;
const clock: Clock = { now: () => now, schedule: (ms, run) => systemClock.schedule(ms, run) };
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loopwright-audit-'));
  now = systemClock.now();
  database = openServerDatabase({ dir, durability: 'process', clock });
  audit = new AuditLog({ database, clock, random: systemRandom });
});
afterEach(async () => {
  await database.destroy();
  await rm(dir, { recursive: true, force: true });
});

/** Writes into the file as somebody does who goes past the server. */
function tamper(sql: string): void {
  const raw = new DatabaseSync(join(dir, 'server.db'));
  raw.exec(sql);
  raw.close();
}

const write = (count: number): Promise<AuditTable[]> =>
  Promise.all(
    Array.from({ length: count }, (_, index) => audit.append({ kind: 'outcome', operation: `POST /${index}`, status: 200 })),
  );

describe('AuditLog', () => {
  it('chains entries in the order of the calls, however many are written at once, over a restart too', async () => {
    const rows = await write(450);
    assert.deepEqual(
      rows.map(({ seq, operation }) => [seq, operation]),
      rows.map((_, index) => [index + 1, `POST /${index}`]),
    );
    const again = new AuditLog({ database, clock, random: systemRandom });
    assert.equal((await again.append({ kind: 'refused', operation: 'GET /' })).previous_digest, rows.at(-1)?.digest);
    const { valid, checked, last_seq, head_digest } = await verifyAudit(database);
    assert.deepEqual([valid, checked, last_seq], [true, 451, 451]);
    assert.equal((await again.head()).digest, head_digest);
  });

  it('lets nobody change or delete an entry', async () => {
    await write(3);
    for (const sql of [
      "UPDATE audit SET user_id = 'eve'",
      'DELETE FROM audit',
      'DELETE FROM audit WHERE seq = 1',
      'REPLACE INTO audit SELECT * FROM audit WHERE seq = 2',
      "REPLACE INTO audit (seq, id, at, kind, operation, previous_digest, digest) SELECT 9, id, 1, 'outcome', 'x', '', '' FROM audit WHERE seq = 2",
    ])
      assert.throws(() => tamper(sql), /never changed/, sql);
    // Whoever says that entries were pruned cannot remove what came after that.
    await audit.append({ kind: 'pruned', operation: 'prune', object_id: '2' });
    assert.throws(() => tamper('DELETE FROM audit WHERE seq = 3'), /never changed/);
    assert.equal((await verifyAudit(database)).valid, true);
  });

  it('finds out whoever goes past that, wherever it was done', async () => {
    await write(5);
    const unlock = 'DROP TRIGGER IF EXISTS audit_unchanged; DROP TRIGGER IF EXISTS audit_kept;';
    const whole = await database.selectFrom('audit').selectAll().orderBy('seq').execute();
    const verdict = async (sql: string): Promise<[boolean, number | undefined]> => {
      tamper(`${unlock} ${sql}`);
      const { valid, broken_at } = await verifyAudit(database);
      assert.equal(examineAudit(dir).severity, 'error', sql);
      await database.deleteFrom('audit').execute();
      await database.insertInto('audit').values(whole).execute();
      return [valid, broken_at?.seq];
    };
    assert.deepEqual(await verdict("UPDATE audit SET user_id = 'eve' WHERE seq = 3"), [false, 3]);
    assert.deepEqual(await verdict('UPDATE audit SET status = 201 WHERE seq = 1'), [false, 1]);
    assert.deepEqual(await verdict('DELETE FROM audit WHERE seq = 3'), [false, 4]);
    assert.deepEqual(await verdict('DELETE FROM audit WHERE seq < 3'), [false, 3]);
    assert.deepEqual(await verdict('UPDATE audit SET digest = (SELECT digest FROM audit WHERE seq = 2) WHERE seq = 4'), [
      false,
      4,
    ]);
    assert.deepEqual(await verdict('UPDATE audit SET seq = 9 WHERE seq = 5'), [false, 9]);
    assert.equal((await verifyAudit(database)).valid, true);
    assert.equal(examineAudit(dir).severity, 'info');
  });

  it('refuses what cannot be written, and goes on where the chain ends', async () => {
    await write(2);
    tamper(`CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no space'); END`);
    await assert.rejects(audit.append({ kind: 'intent', operation: 'POST /lost' }), { code: 'AUDIT_FAILED' });
    assert.equal(audit.fault?.code, 'AUDIT_FAILED');
    tamper('DROP TRIGGER full');
    assert.equal((await audit.append({ kind: 'intent', operation: 'POST /kept' })).seq, 4, 'behind what tells of the outage');
    assert.equal(audit.fault, undefined);
    const [outage] = await listAudit(database, { equal: { operation: 'outage' }, limit: 9 });
    assert.deepEqual(JSON.parse(outage?.after ?? ''), { count: 1, since: now, until: now });
    // Another process wrote meanwhile: the one that was held up fails, the next one follows.
    const another = new AuditLog({ database, clock, random: systemRandom });
    await another.append({ kind: 'intent', operation: 'POST /other' });
    await assert.rejects(audit.append({ kind: 'intent', operation: 'POST /late' }), { code: 'AUDIT_FAILED' });
    assert.equal((await audit.append({ kind: 'intent', operation: 'POST /late' })).seq, 7);
    assert.equal((await verifyAudit(database)).valid, true);
  });

  it('gives a change that was cut off an outcome that nobody knows, once', async () => {
    const { seq } = await audit.append({ kind: 'intent', operation: 'POST /cut', user_id: 'ann', before: '{"a":1}' });
    const { seq: whole } = await audit.append({ kind: 'intent', operation: 'POST /whole' });
    await audit.append({ kind: 'outcome', operation: 'POST /whole', intent_seq: whole, status: 200 });
    for (const _start of [1, 2]) {
      using _opened = await openAudit({
        database,
        clock,
        random: systemRandom,
        log: pino({ level: 'silent' }),
        dataDir: dir,
        retentionDays: null,
      });
    }
    const cut = await listAudit(database, { equal: { operation: 'POST /cut', kind: 'outcome' }, limit: 9 });
    assert.deepEqual(
      cut.map(({ intent_seq, user_id, status, before }) => [intent_seq, user_id, status, before]),
      [[seq, 'ann', null, '{"a":1}']],
    );
  });

  it('moves old entries to a file, and still verifies what is left and what went', async () => {
    const parts = { database, audit, clock, dir: join(dir, 'audit'), keepMs: 1000, log: pino({ level: 'silent' }) };
    await write(6);
    now += 2000;
    await write(2);
    assert.equal(await pruneAudit(parts), 6);
    assert.equal(await pruneAudit(parts), 0);
    const left = await verifyAudit(database);
    assert.deepEqual([left.valid, left.first_seq, left.last_seq], [true, 7, 9]);
    const lines = (await readFile(join(dir, 'audit/audit-1-6.jsonl'), 'utf8')).trim().split('\n');
    const check = new ChainCheck();
    for (const line of lines) check.add(JSON.parse(line));
    const went = check.result();
    assert.deepEqual([went.valid, went.last_seq], [true, 6]);
    const [first] = await database.selectFrom('audit').selectAll().orderBy('seq').limit(1).execute();
    assert.equal(went.head_digest, first?.previous_digest);
    now += 2000;
    assert.equal(await pruneAudit(parts), 3);
    const again = await verifyAudit(database);
    assert.deepEqual([again.valid, again.first_seq], [true, 10]);
  });
});
