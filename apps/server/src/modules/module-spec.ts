/** A module that the server runs as a child process. */
export interface ModuleSpec {
  /** Its name in addresses, logs and `/health`. */
  readonly id: string;
  /** Path of the file that starts it. */
  readonly entry: string;
  /** `host:port` where it is to listen; port 0 lets it choose. */
  readonly listen: string;
  /** Its settings: they go through the init line, never through the process environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it expects as `Authorization: Bearer …` of the orchestrator. */
  readonly authToken?: string;
  /** `always`, when left out: it is started again whenever it ends. */
  readonly restart?: 'always' | 'never';
}

/** Where a module stands. */
export type ModuleStatus = 'starting' | 'running' | 'backing_off' | 'stopped';

/** How a run of a module ended. */
export interface ModuleExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why, as far as the supervisor knows. */
  readonly reason: string;
  readonly at: string;
}

/** One module in `/health`. */
export interface ModuleState {
  readonly id: string;
  readonly status: ModuleStatus;
  readonly pid: number | null;
  /** `host:port` that it announced; `null` unless it runs. */
  readonly listen: string | null;
  /** Starts after the first one. */
  readonly restarts: number;
  readonly last_exit: ModuleExit | null;
  /** When it got its status. */
  readonly since: string;
}

/** One line about or from a module. */
export interface ModuleLogEntry {
  readonly module: string;
  /** `supervisor` for what the supervisor itself has to say. */
  readonly source: 'stdout' | 'stderr' | 'supervisor';
  readonly level: 'info' | 'warn' | 'error';
  readonly text: string;
}

/** The time limits of supervision, in milliseconds. */
export interface SupervisionTimes {
  /** Between two heartbeats. */
  readonly heartbeatMs: number;
  /** Unanswered heartbeats after which a module is killed. */
  readonly missedHeartbeats: number;
  /** From start to announce. */
  readonly startTimeoutMs: number;
  /** From `shutdown` to SIGKILL. */
  readonly drainMs: number;
  readonly backOffMinMs: number;
  readonly backOffMaxMs: number;
  /** Time of running after which earlier failures are forgotten. */
  readonly healthyAfterMs: number;
}

export const SUPERVISION_TIMES: SupervisionTimes = {
  heartbeatMs: 5000,
  missedHeartbeats: 3,
  startTimeoutMs: 30_000,
  drainMs: 10_000,
  backOffMinMs: 100,
  backOffMaxMs: 10_000,
  healthyAfterMs: 30_000,
};
