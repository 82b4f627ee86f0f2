import type { Json } from '@loopwright/protocol';

/** One run of a script. */
export interface ScriptRun {
  /** JavaScript: the body of a function, with `process.argv`, `process.env`, `console` and a list of no modules. */
  readonly code: string;
  /** A list is `process.argv` from its third place on; the members of an object are variables of the code. */
  readonly arguments: readonly string[] | Readonly<Record<string, Json>>;
  readonly environment: Readonly<Record<string, string>>;
  /** What the script reads as `stdin`. */
  readonly stdin: string;
  /** Aborted when nobody waits for the script any more. */
  readonly signal: AbortSignal;
}

/** How a script ended. */
export interface ScriptResult {
  readonly stdout: string;
  readonly stderr: string;
  /** 0 when it ended well, 1 when it threw an error, or what it gave to `process.exit`. */
  readonly code: number;
  /** What the code returned; absent when it returned nothing. */
  readonly result?: Json;
}

/**
 * Runs scripts that nobody trusts: no file, network or process access, and limits of time and memory that hold. What a script does
 * wrong is a result; only a script that was stopped, or could not be run, makes `run` reject, with a `PlatformError` or `WorkflowError`.
 */
export interface ScriptRunner {
  run(script: ScriptRun): Promise<ScriptResult>;
}
