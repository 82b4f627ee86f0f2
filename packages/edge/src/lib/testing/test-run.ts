/** What came of running files of tests. */
export interface TestRun {
  readonly results: {
    readonly file: string;
    readonly name: string;
    readonly status: 'passed' | 'failed' | 'skipped';
    readonly message: string | null;
  }[];
  /** Files that could not be run in the sandbox. */
  readonly notRun: { readonly file: string; readonly reason: string }[];
  /** The files that were run. */
  readonly files: {
    readonly file: string;
    /** Whether it was stopped at its limit of time, or waits for what never comes. */
    readonly isTimedOut: boolean;
    /** Assertions that were made. */
    readonly assertions: number;
    /** What it printed, at most 64 Ki characters. */
    readonly printed: string;
    readonly latencyMs: number;
  }[];
  /** The statements that were run, by the number of the module. */
  readonly ran: Map<number, Set<number>>;
}
