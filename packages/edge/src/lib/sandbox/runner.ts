import type { EngineLimits } from './engine.ts';
import type { Jail, WorkerCommandLine } from './jail/jail.ts';

/** What runs programs of a language: a process that reads and writes the frames of `frame.ts`. */
export interface Runner {
  /** The name of its engine, until a worker has told it. */
  readonly engine: string;
  readonly commandLine: (setup: { readonly limits: EngineLimits; readonly jail: Jail }) => WorkerCommandLine;
}
