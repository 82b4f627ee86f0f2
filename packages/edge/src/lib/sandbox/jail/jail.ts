import { type ChildProcess, spawn } from 'node:child_process';

/** A command that starts a worker. */
export interface WorkerCommandLine {
  readonly command: string;
  readonly args: readonly string[];
}

/** A worker that was started. */
export interface JailedProcess {
  /** Standard input and output are the worker's; it ends when the worker has ended. */
  readonly child: ChildProcess;
  /** The worker itself, as this machine numbers it; `undefined` until that is known. */
  readonly pid: () => number | undefined;
  /** Resolves when `pid` is known, or will never be; that may be after its first output has come, which comes another way. */
  readonly started: Promise<void>;
  /** Ends the worker at once (SIGKILL). Does nothing when it has ended. */
  readonly kill: () => void;
}

/** Names of the walls, in the order in which `/health` shows them. */
export const WALLS = ['files', 'network', 'processes', 'system_calls', 'privileges', 'user', 'resources'] as const;
export type WallName = (typeof WALLS)[number];

/** One thing that the operating system keeps from a program that has broken out of its isolate. */
export interface Wall {
  readonly name: WallName;
  readonly stands: boolean;
  /** What was seen from inside, or why it does not stand. */
  readonly detail: string;
}

/** The wall of the operating system around a worker process: it starts the worker inside. */
export interface Jail {
  /** Shown in `/health`: `bubblewrap` or `none`. */
  readonly name: string;
  readonly walls: readonly Wall[];
  /** Why nothing is run at all; `undefined` when programs are run. */
  readonly refusal: string | undefined;
  /** Starts a worker. What it started must end with it, and with this process. */
  readonly start: (worker: WorkerCommandLine) => JailedProcess;
}

/** Starts a worker with the rights of this process. */
function startUnjailed({ command, args }: WorkerCommandLine): JailedProcess {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'], env: { TZ: 'UTC' }, windowsHide: true });
  return { child, pid: () => child.pid, started: Promise.resolve(), kill: () => child.kill('SIGKILL') };
}

/** No wall, and why: a program that breaks out of its isolate has the rights of the user of this process. */
export function unjailed(reason: string): Jail {
  const walls = WALLS.map((name) => ({ name, stands: false, detail: reason }));
  return { name: 'none', walls, refusal: undefined, start: startUnjailed };
}

/** No wall, because whoever opens the sandbox wants none: for programs of one's own. */
export const noJail: Jail = unjailed('no jail was asked for');

/** No wall, and therefore no program either. */
export function refusing(reason: string): Jail {
  return { ...unjailed(reason), refusal: reason };
}
