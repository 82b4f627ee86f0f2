import type { ProgramLanguage } from '@loopwright/protocol';
import type { ProgramState } from './engine.ts';
import type { Wall } from './jail/jail.ts';

/** What is run: the code that `buildProgram` made, and a key that stands for exactly this code (its digest). */
export interface SandboxProgram {
  readonly key: string;
  readonly code: string;
  /** Whose program it is: programs of different tenants never run in the same process. Left out: one tenant of its own name, `''`. */
  readonly tenant?: string | undefined;
  /** Default: `typescript`, which is run as the JavaScript that was made of it. */
  readonly language?: ProgramLanguage | undefined;
  /** Limit of a call in milliseconds, where it shall be less than that of the sandbox. Goes with the key: one key, one limit. */
  readonly timeoutMs?: number;
  /** A result that is a function is called when what the program put off has run, and so on until a result is none. Default: it is an error. Not in Python. */
  readonly inParts?: boolean;
  /** What a call finds of those before; where it is fresh, a program that has nothing to keep is found out and evaluated once. Goes with the key. Default: as the sandbox. */
  readonly state?: ProgramState;
}

/**
 * How one run ended. `latencyMs` is the time of the call itself in the worker; where a worker was killed, since the call
 * reached the head of its queue.
 */
export type SandboxResult =
  | { readonly status: 'success'; readonly outputJson: string; readonly latencyMs: number }
  | {
      readonly status: 'error' | 'timeout';
      readonly message: string;
      readonly latencyMs: number;
      /** What a program had of a processor when it was stopped, in milliseconds, where it is run in parts; where its worker was killed, about that. */
      readonly cpuMs?: number;
    };

/** State of a sandbox. */
export interface SandboxHealth {
  readonly engine: string;
  readonly jail: string;
  /** Which walls of the jail stand, and what was seen. */
  readonly walls: readonly Wall[];
  /** Why no program is run; `null` when programs are run. */
  readonly refusal: string | null;
  /** Worker processes that are ready, those included that are nobody's yet. */
  readonly workers: number;
  /** Workers that were replaced since the start because they died or had to be killed. */
  readonly restarts: number;
  /**
   * What holds the memory of a worker: `cgroup`: the kernel; `resident`: it is looked at every 25 ms and killed above the limit; `none`: only the
   * limit of the isolate holds.
   */
  readonly memoryWatch: 'cgroup' | 'resident' | 'none';
  /** Calls that wait or run. */
  readonly calls: number;
  /** Programs that are refused for a while because they killed workers. */
  readonly quarantined: number;
  /** The runner of Python; left out until there was a program of Python. The walls, workers and restarts above are those of JavaScript. */
  readonly python?: Pick<SandboxHealth, 'engine' | 'walls' | 'workers' | 'restarts'>;
}

/** Runs programs that nobody trusts. Whoever opened it closes it. */
export interface Sandbox extends AsyncDisposable {
  /**
   * Runs a program on an input, both sides JSON text. Nothing a program does makes it reject.
   *
   * @throws PlatformError OVERLOADED: too many calls wait; SERVICE_UNAVAILABLE: closed, or no worker can be started; JAIL_REQUIRED: no
   * program is run, because there is no jail; LANGUAGE_UNAVAILABLE: no program of this language is.
   */
  run(program: SandboxProgram, inputJson: string): Promise<SandboxResult>;
  /**
   * Gets ready what programs of a language need, where that is not ready from the beginning; for a program besides, it is found out whether its calls may share an
   * evaluation, which takes up to five seconds. Calls do not wait for that, and are slow until then.
   *
   * @throws PlatformError LANGUAGE_UNAVAILABLE: it cannot be had here; SERVICE_UNAVAILABLE, JAIL_REQUIRED
   */
  prepare(language: ProgramLanguage, program?: SandboxProgram): Promise<void>;
  health(): SandboxHealth;
  /** Kills the workers; calls under way are refused with SERVICE_UNAVAILABLE. */
  close(): Promise<void>;
}
