import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { groupedWrites } from './grouped-writes.ts';
import { type Durability, RESULT, STEPS, type Subject } from './subject.ts';

/** The least that can be written: a row for the run, one for each step, and its end. No events, no history, no recovery. */
export async function open(durability: Durability): Promise<Subject> {
  const dir = mkdtempSync(join(tmpdir(), 'loopwright-bench-'));
  const database = new DatabaseSync(join(dir, 'bare.db'));
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'};
    CREATE TABLE runs (no INTEGER PRIMARY KEY, status TEXT); CREATE TABLE steps (run INTEGER, step INTEGER, result TEXT, PRIMARY KEY (run, step)) WITHOUT ROWID;`);
  const insertRun = database.prepare(`INSERT INTO runs VALUES (?, 'running')`);
  const insertStep = database.prepare('INSERT INTO steps VALUES (?, ?, ?)');
  const endRun = database.prepare(`UPDATE runs SET status = 'completed' WHERE no = ?`);
  const commit = groupedWrites(database);
  let last = 0;
  return {
    run: async () => {
      const no = (last += 1);
      await commit(() => insertRun.run(no));
      for (let step = 0; step < STEPS; step += 1) await commit(() => insertStep.run(no, step, JSON.stringify(RESULT)));
      await commit(() => endRun.run(no));
    },
    close: async () => {
      database.close();
      rmSync(dir, { recursive: true });
      return undefined;
    },
  };
}
