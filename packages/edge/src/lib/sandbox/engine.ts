/** What a call of a program gave, as text: nothing else leaves an engine. */
export type EngineAnswer =
  | { readonly status: 'success'; readonly output: string }
  | { readonly status: 'error' | 'timeout'; readonly message: string; readonly cpuMs?: number };

/** A program inside an engine. */
export interface LoadedProgram {
  /**
   * Runs the program once; the first call, or each where its state is fresh, evaluates it too. Never throws because of what the program does. An engine cannot
   * promise to come back: some built-ins of V8 cannot be interrupted, so whoever calls must be able to kill this process.
   */
  call(inputJson: string, limitMs?: number): EngineAnswer;
  /** Its limit of time in milliseconds, which a call has that is given no other. */
  readonly timeoutMs: number;
  /** Frees the memory. The program must not be called afterwards. */
  dispose(): void;
}

/** Limits of every program in an engine. */
export interface EngineLimits {
  readonly timeoutMs: number;
  readonly memoryLimitMb: number;
  readonly outputLimitChars: number;
  readonly messageLimitChars: number;
}

/**
 * What a call of a program finds of those before. `kept`: its variables, because it is evaluated once. `fresh`: nothing, because it is evaluated for each, in a
 * context of its own. `none`: nothing, because it has nothing to keep (`whyStateful` has looked); it is evaluated once.
 */
export type ProgramState = 'kept' | 'fresh' | 'none';

/** How one program is run. */
export interface LoadOptions {
  /** Default: `kept`. */
  readonly state?: ProgramState;
  /** Its own limit, at most that of the engine. */
  readonly timeoutMs?: number;
  /** Whether a result that is a function is called in its turn. */
  readonly inParts?: boolean;
}

/** Runs programs that share nothing with each other or with this process. Replaceable: the pool knows only this. */
export interface Engine {
  readonly name: string;
  /** Takes a function body that returns the program; does not run it yet. */
  load(code: string, options?: LoadOptions): LoadedProgram;
}
