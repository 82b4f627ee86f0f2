import type { UserTable } from '../identity/user-table.ts';
import type { RunExecutionTable, RunPhaseTable, RunTable } from '../runs/run-tables.ts';

/** The server's tables by name. Each one's columns stand beside the code that owns it; times are milliseconds since 1970 UTC. */
export interface ServerTables {
  readonly users: UserTable;
  readonly runs: RunTable;
  readonly run_phases: RunPhaseTable;
  readonly run_executions: RunExecutionTable;
}
