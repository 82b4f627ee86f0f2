import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openEngine } from './ours.ts';

/** How many executions one transaction copies. */
const BATCH = 10_000;

/**
 * Fills a store: the parked executions by the engine itself, the ended ones as copies of one that it ran, with all their rows. They
 * belong to 20 projects, and one in 50 has failed.
 */
export async function fillStore(dir: string, { ended, parked }: { ended: number; parked: number }): Promise<void> {
  const { engine, run, park } = await openEngine('process', dir);
  if (ended > 0) await run();
  let left = parked;
  const caller = async (): Promise<void> => {
    while (left-- > 0) await park();
  };
  await Promise.all(Array.from({ length: 100 }, caller));
  await engine.close(1000);
  if (ended > 1) copyEnded(join(dir, 'engine.db'), ended - 1);
}

function copyEnded(file: string, count: number): void {
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: false });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -262144');
  const number = (sql: string): number => Number(Object.values(database.prepare(sql).get() ?? {})[0]);
  const model = number(`SELECT no FROM executions WHERE status = 'completed' LIMIT 1`);
  const first = number('SELECT max(no) FROM executions') + 1;
  const columns = (table: string, but: readonly string[]): string =>
    database
      .prepare(`SELECT name FROM pragma_table_info(?)`)
      .all(table)
      .map((row) => String(row['name']))
      .filter((name) => !but.includes(name))
      .join(', ');
  const others = columns('executions', ['no', 'id', 'project_id', 'status']);
  const history = columns('history', ['position', 'execution']);
  const series = 'WITH RECURSIVE copies (c) AS (SELECT ? UNION ALL SELECT c + 1 FROM copies WHERE c < ?)';
  for (let from = first; from < first + count; from += BATCH) {
    const range = [from, Math.min(from + BATCH, first + count) - 1];
    database.exec('BEGIN');
    database
      .prepare(
        `${series} INSERT INTO executions (no, id, project_id, status, ${others}) SELECT c, lower(hex(randomblob(16))), 'project-' || (c % 20),
         iif(c % 50 = 0, 'failed', 'completed'), ${others} FROM copies, executions WHERE no = ${model}`,
      )
      .run(...range);
    database
      .prepare(
        `${series} INSERT INTO history (execution, ${history}) SELECT c, ${history} FROM copies, history WHERE execution = ${model} ORDER BY c, last_seq`,
      )
      .run(...range);
    database.exec('COMMIT');
  }
  database.exec(`DELETE FROM execution_groups;
    INSERT INTO execution_groups (workflow, project_id, definition_digest, status, count)
      SELECT workflow, project_id, definition_digest, status, count(*) FROM executions GROUP BY 1, 2, 3, 4;
    UPDATE executions SET group_no = (SELECT no FROM execution_groups AS g WHERE g.workflow = executions.workflow
      AND g.project_id = executions.project_id AND g.definition_digest = executions.definition_digest AND g.status = executions.status);
    PRAGMA wal_checkpoint(TRUNCATE)`);
  database.close();
}
