import type { SecretProvider } from '@loopwright/module-sdk';
import type { SlaConfig } from './sla/sla-watch.ts';
import type { ModulePermissions } from './permissions/module-permissions.ts';

/** How a module comes to run. */
export type ModuleLaunch =
  /** A program for Node, with the options of this process. */
  | { readonly kind: 'node'; readonly entry: string }
  /** Any other program. */
  | { readonly kind: 'command'; readonly file: string; readonly args: readonly string[]; readonly cwd: string }
  /** Somebody else starts it, and it comes to us: see {@link AttachGrant}. */
  | ({ readonly kind: 'attach' } & AttachGrant);

/** What a module that comes over TCP must show; all that is there must be right. */
export interface AttachGrant {
  /** SHA-256 of its token, in hexadecimal. */
  readonly tokenSha256?: string;
  /** Common name of its certificate, which the configured authority has signed. */
  readonly clientName?: string;
}

/** How much a module may use. */
export interface ModuleLimits {
  /** Resident memory of it and all that it started, in MiB; more is the end of it. */
  readonly memoryMb?: number;
  /** Processes, itself included; more is the end of it. */
  readonly processes?: number;
  /** Processors that it may keep busy, as 0.5; kept only where there are control groups. */
  readonly cpus?: number;
}

/** When a module is asked for its health, over the ways of all requests to it. */
interface ModuleHealthCheck {
  readonly path: string;
  readonly everyMs: number;
  /** Bad answers in a row after which it is ended and started again. */
  readonly failures: number;
}

/** A module that the server runs as a child process, or lets in. */
export interface ModuleSpec {
  /** Its name in addresses, logs and `/health`. */
  readonly id: string;
  readonly launch: ModuleLaunch;
  /** `host:port` where it is to listen; port 0 lets it choose. */
  readonly listen: string;
  /** Its settings: they go through the init line, never through the process environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it expects as `Authorization: Bearer …` of the orchestrator. */
  readonly authToken?: string;
  /** Where its secrets come from; which of them it may read is in its permissions. */
  readonly secrets?: SecretProvider;
  readonly permissions?: ModulePermissions;
  readonly limits?: ModuleLimits;
  readonly healthCheck?: ModuleHealthCheck;
  /** What is promised of it, and when people are told that it is not kept. */
  readonly promises?: SlaConfig;
  /** `always`, when left out: it is started again whenever it ends; `on_failure`: unless it ended with 0. */
  readonly restart?: 'always' | 'on_failure' | 'never';
  /** Failed starts and early ends in a row after which it is given up. Left out: never. */
  readonly attempts?: number;
  /** How one run takes the place of another: beside it (`rolling`), or after it because two of them cannot share what they work on (`exclusive`). */
  readonly replace?: 'rolling' | 'exclusive';
  /** The ways of requests to it. Left out: its socket when it announces one, otherwise its channel. */
  readonly channels?: readonly ('ipc' | 'tcp')[];
  /** Whether it is a part of the server: nobody else asks its routes. Left out: it is not. */
  readonly isInternal?: boolean;
  /** Whether the server is degraded while it does not run. Left out: it is. */
  readonly isRequired?: boolean;
  /** To the head of an answer when a request says nothing else, in milliseconds. Left out: 30 000. */
  readonly requestTimeoutMs?: number;
  /** Requests at once, and those that wait for that. Left out: 100 and 256. */
  readonly concurrency?: { readonly running: number; readonly queued: number };
}

/** Where a module stands. */
export type ModuleStatus =
  | 'starting'
  | 'running'
  /** Its one run ends, and the next one starts then; requests wait. */
  | 'replacing'
  | 'backing_off'
  /** It runs and gets no more requests. */
  | 'draining'
  | 'drained'
  | 'stopping'
  | 'stopped'
  /** It failed too often and is not started any more. */
  | 'failed'
  /** Nobody has attached yet. */
  | 'waiting';

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
  /** Whether the server is degraded while it does not run. */
  readonly required: boolean;
  readonly pid: number | null;
  /** `host:port` that it announced, or `ipc:ID`; `null` unless it runs. */
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
  /** From `shutdown` to SIGKILL; and before, for the requests of a run that is replaced. */
  readonly drainMs: number;
  readonly backOffMinMs: number;
  readonly backOffMaxMs: number;
  /** Time of running after which earlier failures are forgotten. */
  readonly healthyAfterMs: number;
  /** How long a request waits for a module that is being started. */
  readonly patienceMs: number;
  /** Between two looks at what a module with limits uses. */
  readonly watchMs: number;
}

export const SUPERVISION_TIMES: SupervisionTimes = {
  heartbeatMs: 5000,
  missedHeartbeats: 3,
  startTimeoutMs: 60_000,
  drainMs: 10_000,
  backOffMinMs: 100,
  backOffMaxMs: 10_000,
  healthyAfterMs: 30_000,
  patienceMs: 15_000,
  watchMs: 250,
};
