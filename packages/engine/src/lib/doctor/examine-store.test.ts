import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, globSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { seededRandom, systemClock } from '@loopwright/protocol';
import { loadDefinition } from '../definition/load-definition.ts';
import { Engine } from '../embedded/engine.ts';
import { countingFunctions, documentOf, journalDir, startOne, untilStatus } from '../embedded/engine-fixture.ts';
import { examineStore } from './examine-store.ts';
import type { Finding } from './finding.ts';

const NAMES = ['note', 'fail', 'hang'];

/** An engine with one execution that has ended and one that waits for a person, both with a large value. */
async function openWithWork(dir: string): Promise<Engine> {
  const { functions } = countingFunctions();
  const engine = new Engine({
    dir,
    durability: 'process',
    clock: systemClock,
    random: seededRandom(1),
    functions,
    inlineCharacters: 500,
  });
  const keep = `keep: { call: note, with: { id: keep, value: '\${ .big }' } }`;
  const ask = 'ask: { call: accept, with: { title: Good?, doc_type: d, subject: x } }';
  await engine.register(loadDefinition(documentOf('ends', `do: [${keep}]`), engine.functions));
  await engine.register(loadDefinition(documentOf('asks', `do: [${keep}, ${ask}]`), engine.functions));
  engine.recover();
  await startOne(engine, 'ends', { big: 'e'.repeat(600) }, 'ended');
  await startOne(engine, 'asks', { big: 'a'.repeat(600) }, 'asking');
  await untilStatus(engine, 'ended', 'completed');
  await untilStatus(engine, 'asking', 'waiting_acceptance');
  return engine;
}

const examine = (dir: string, functions: readonly string[] = NAMES): Finding[] =>
  examineStore({ dir, functions, clock: systemClock, durability: 'process' });
const problems = (dir: string, functions?: readonly string[]): string[] =>
  examine(dir, functions)
    .filter(({ severity, check }) => severity !== 'info' && check !== 'disk-space')
    .map(({ severity, check }) => `${severity} ${check}`);

/** Every file of a folder with the digest of what is in it. */
function contentOf(dir: string): Record<string, string> {
  const files = globSync('**/*', { cwd: dir }).filter((name) => statSync(join(dir, name)).isFile());
  return Object.fromEntries(
    files.sort().map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(dir, name)))
        .digest('hex'),
    ]),
  );
}

/** A folder as it was left by a process that was killed: what the running one has written by now. */
function crashCopy(dir: string): string {
  const copy = journalDir();
  chmodSync(copy, 0o700);
  cpSync(dir, copy, { recursive: true });
  return copy;
}

describe('examineStore()', () => {
  it('finds nothing wrong beside a process, without one, and after a crash, and changes nothing', async () => {
    const dir = journalDir();
    const engine = await openWithWork(dir);
    const lockOf = (folder: string): string | undefined => examine(folder).find(({ check }) => check === 'lock')?.message;
    const before = contentOf(dir);
    assert.deepEqual(problems(dir), []);
    assert.equal(lockOf(dir), 'A process has the store open');
    assert.deepEqual(contentOf(dir), before);

    const crashed = crashCopy(dir);
    const left = contentOf(crashed);
    assert.ok(Object.hasOwn(left, 'engine.db-wal'));
    assert.deepEqual(problems(crashed), []);
    assert.equal(lockOf(crashed), 'No process has the store open');
    assert.deepEqual(contentOf(crashed), left);

    await engine.close(0);
    const clean = contentOf(dir);
    assert.deepEqual(problems(dir), []);
    assert.deepEqual(contentOf(dir), clean);
    assert.deepEqual(problems(join(dir, 'nowhere')), []);
  });

  it('finds what a log has lost, and leaves the witness of it alone', async () => {
    const dir = journalDir();
    const engine = await openWithWork(dir);
    const crashed = crashCopy(dir);
    await engine.close(0);
    truncateSync(join(crashed, 'engine.db-wal'), statSync(join(crashed, 'engine.db-wal')).size - 3 * 4120);
    for (let time = 0; time < 2; time += 1) assert.ok(problems(crashed).includes('error write-ahead-log'));
  });

  it('finds what is wrong with rows, values, definitions and executions', async () => {
    const dir = journalDir();
    chmodSync(dir, 0o700);
    await (await openWithWork(dir)).close(0);
    const sound = crashCopy(dir);
    const damages: [string, string[], (database: DatabaseSync, folder: string) => void][] = [
      ['text', ['error journal-values'], (db) => db.exec(`UPDATE journal SET value = '{"half' WHERE key = 'ask'`)],
      [
        'result',
        ['error journal-values'],
        (db) => db.exec(`UPDATE history SET results = '[["half' WHERE results IS NOT NULL AND execution = 1`),
      ],
      [
        'event',
        ['error journal-values'],
        (db) => db.exec(`UPDATE history SET events = '[["half' WHERE last_seq = 1 AND execution = 1`),
      ],
      [
        'orphan',
        ['error orphans'],
        (db) => db.exec(`PRAGMA foreign_keys = OFF; UPDATE history SET execution = 99 WHERE last_seq = 1 AND execution = 1`),
      ],
      ['definition', ['error definitions'], (db) => db.exec(`UPDATE definitions SET source = '{}' WHERE name = 'asks'`)],
      ['question', ['error stuck-executions'], (db) => db.exec(`UPDATE human_tasks SET state = 'cancelled'`)],
      [
        'ended',
        ['warning human-tasks'],
        (db) => db.exec(`UPDATE executions SET status = 'cancelled', completed_at = 5 WHERE id = 'asking'`),
      ],
      ['newer', ['error schema'], (db) => db.exec('PRAGMA user_version = 99')],
      [
        'loose',
        ['warning large-values', 'warning large-values', 'warning large-values', 'warning large-values'],
        (db) => db.exec('DELETE FROM large_values'),
      ],
      ['file', ['error large-values'], (_db, folder) => rmSync(join(folder, globSync('values/*/*', { cwd: folder })[0] ?? ''))],
      [
        'bytes',
        ['error large-values'],
        (_db, folder) => writeFileSync(join(folder, globSync('values/*/*', { cwd: folder })[0] ?? ''), '"other"'),
      ],
      ['folder', ['warning permissions'], (_db, folder) => chmodSync(folder, 0o755)],
    ];
    for (const [name, expected, damage] of damages) {
      const folder = crashCopy(sound);
      const database = new DatabaseSync(join(folder, 'engine.db'));
      damage(database, folder);
      database.close();
      assert.deepEqual(problems(folder), expected, name);
    }
    assert.deepEqual(problems(sound, ['fail']), ['error definitions']);
  });

  it('finds pages that do not fit together, and says it when nothing can be read', async () => {
    const dir = journalDir();
    chmodSync(dir, 0o700);
    await (await openWithWork(dir)).close(0);
    const file = join(dir, 'engine.db');
    const bytes = readFileSync(file);
    bytes.fill(0xa5, 6 * 4096, 6 * 4096 + 64);
    writeFileSync(file, bytes);
    assert.ok(problems(dir).some((problem) => problem === 'error integrity' || problem === 'error store'));
    writeFileSync(file, 'no database'.repeat(1000));
    assert.deepEqual(problems(dir), ['error store']);
  });

  it('finds what stands still beside a process', async () => {
    const dir = journalDir();
    chmodSync(dir, 0o700);
    const engine = await openWithWork(dir);
    const later = { ...systemClock, now: () => systemClock.now() + 120_000 };
    const stuck = (): string[] =>
      examineStore({ dir, functions: NAMES, clock: later, durability: 'full' }).flatMap(({ check, message }) =>
        check === 'stuck-executions' ? message : [],
      );
    assert.deepEqual(stuck(), []);
    const database = new DatabaseSync(join(dir, 'engine.db'));
    database.exec(`UPDATE executions SET status = 'running', completed_at = NULL WHERE id = 'ended'`);
    database.exec(`UPDATE journal SET due_at = 5 WHERE key = 'ask'`);
    database.close();
    assert.deepEqual(stuck(), [
      'The execution "ended" runs, but nothing of it is under way or waited for',
      'The execution "asking" has a timer that is overdue ("ask")',
    ]);
    await engine.close(0);
  });
});
