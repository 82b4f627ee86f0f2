/** How many steps a workflow of the benchmark has. */
export const STEPS = 6;
/** What each of them records. */
export const RESULT = { ok: true, text: 'a result of about forty bytes' };

/** What an acknowledgement promises: `process` survives a crash of the process, `full` also a loss of power. */
export type Durability = 'process' | 'full';

/** An execution that waits for an answer. */
export interface Parked {
  /** Answers; settles when the step after the question begins to run. */
  wake(): Promise<void>;
}

/** An engine, or a bare loop, that does the work of the benchmark. */
export interface Subject {
  /** One workflow: started, each of its steps recorded durably, ended; settles when its end is known. */
  run(): Promise<void>;
  /** Starts an execution and lets it come to its question; missing where the subject knows no questions. */
  readonly park?: () => Promise<Parked>;
  /** Ends it; gives what a run has written, in rows by table, where that is known. */
  close(): Promise<Readonly<Record<string, number>> | undefined>;
}

/** Opens a subject with a fresh store. */
export type OpenSubject = (durability: Durability) => Promise<Subject>;
