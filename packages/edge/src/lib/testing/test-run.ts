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
  /** The statements that were run, by the number of the module. */
  readonly ran: Map<number, Set<number>>;
}
