import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Copies a run that has ended `count` times, each a second older than the one before: ten thousand real ones would take minutes. The server is down meanwhile. */
export function fillRuns(dir: string, runId: string, count: number): void {
  const database = new DatabaseSync(join(dir, 'server.db'));
  try {
    database.exec('BEGIN');
    for (const [table, key] of [
      ['runs', 'run_id'],
      ['run_phases', 'run_id'],
      ['run_executions', 'run_id'],
    ] as const) {
      const columns = database
        .prepare(`PRAGMA table_info(${table})`)
        .all()
        .map(({ name }) => String(name));
      const values = columns.map((column) => {
        if (column === key || column === 'execution_id') return `printf('%08x', value) || substr(${column}, 9)`;
        if (column === 'project_name') return `project_name || ' ' || value`;
        return ['created_at', 'updated_at', 'completed_at'].includes(column) ? `${column} - value * 1000` : column;
      });
      const numbers = 'WITH RECURSIVE numbers(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM numbers WHERE value < ?)';
      database
        .prepare(
          `INSERT INTO ${table} (${columns.join(', ')}) ${numbers} SELECT ${values.join(', ')} FROM ${table}, numbers WHERE ${key} = ?`,
        )
        .run(count, runId);
    }
    database.exec('COMMIT');
  } finally {
    database.close();
  }
}

/** Lets all that the server has in the stream of all events be forty days old, which is more than it keeps. The server is down meanwhile. */
export function ageEvents(dir: string): void {
  const database = new DatabaseSync(join(dir, 'engine', 'engine.db'));
  try {
    database.exec(`UPDATE event_positions SET at = at - ${40 * 86_400_000}`);
  } finally {
    database.close();
  }
}
