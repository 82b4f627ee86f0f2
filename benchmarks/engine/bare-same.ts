import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SqliteStore } from '@loopwright/engine';
import { systemRandom } from '@loopwright/protocol';
import { groupedWrites } from './grouped-writes.ts';
import { rowsOfARun } from './ours.ts';
import { type Durability, RESULT, STEPS, type Subject } from './subject.ts';

const DIGEST = '0123456789abcdef'.repeat(4);

/**
 * The same rows with the same contents as the embedded engine leaves, in its own tables with their indexes, and nothing
 * else: no interpreter, no question whether it may go on, nothing read. What can be reached with these tables at all.
 */
export async function open(durability: Durability): Promise<Subject> {
  const dir = mkdtempSync(join(tmpdir(), 'loopwright-bench-'));
  const store = new SqliteStore({ dir, durability: 'process', onEvents: () => undefined });
  await store.write((transaction) =>
    transaction.putDefinition({ digest: DIGEST, name: 'six', version: '1.0.0', source: {}, createdAt: Date.now() }),
  );
  await store[Symbol.asyncDispose]();
  const database = new DatabaseSync(join(dir, 'engine.db'), { enableForeignKeyConstraints: true });
  database.exec(
    `PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -65536; PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'};`,
  );
  const group = database.prepare(
    `INSERT INTO execution_groups (workflow, project_id, definition_digest, status, count) VALUES ('six', 'bench', '${DIGEST}', ?, 0)`,
  );
  const [running, completed] = ['running', 'completed'].map((status) => Number(group.run(status).lastInsertRowid));
  const insertExecution = database.prepare(
    `INSERT INTO executions (id, workflow, version, definition_digest, project_id, started_by, request_digest, status, status_since,
     current_step, input, output, error, created_at, updated_at, completed_at, group_no)
     VALUES (?, 'six', '1.0.0', '${DIGEST}', 'bench', 'bench', '${DIGEST}', 'running', ?, NULL, ?, 'null', 'null', ?, ?, NULL, ${running})`,
  );
  const endExecution = database.prepare(
    `UPDATE executions SET updated_at = ?, status = 'completed', status_since = ?, group_no = ${completed}, current_step = NULL, output = ?, completed_at = ? WHERE no = ?`,
  );
  const insertHistory = database.prepare('INSERT INTO history (execution, last_seq, events, results) VALUES (?, ?, ?, ?)');
  const counts = database.prepare('UPDATE execution_groups SET count = count + ? WHERE no = ?');
  let started = 0;
  let ended = 0;
  const commit = groupedWrites(database, () => {
    if (started > 0 || ended > 0) counts.run(started - ended, Number(running));
    if (ended > 0) counts.run(ended, Number(completed));
    started = 0;
    ended = 0;
  });
  return {
    run: async () => {
      let no = 0;
      await commit(() => {
        const at = Date.now();
        no = Number(insertExecution.run(systemRandom.uuid(), at, '{}', at, at).lastInsertRowid);
        started += 1;
        insertHistory.run(no, 1, JSON.stringify([['execution_started', null, at, { workflow_id: 'six' }]]), null);
      });
      for (let index = 0; index < STEPS; index += 1) {
        const step = `step${index}`;
        await commit(() => {
          const at = Date.now();
          const events = ['step_started', 'step_completed'].map((type) => [type, step, at, { key: step }]);
          const results = [[step, step, 'done', at, at, [RESULT]]];
          insertHistory.run(no, 2 * index + 3, JSON.stringify(events), JSON.stringify(results));
        });
      }
      await commit(() => {
        const at = Date.now();
        endExecution.run(at, at, JSON.stringify(RESULT), at, no);
        ended += 1;
        insertHistory.run(no, 2 * STEPS + 2, JSON.stringify([['completed', null, at, {}]]), null);
      });
    },
    close: async () => {
      database.close();
      const rows = rowsOfARun(join(dir, 'engine.db'));
      rmSync(dir, { recursive: true });
      return rows;
    },
  };
}
