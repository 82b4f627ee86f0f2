/** A command that starts a worker. */
export interface WorkerCommandLine {
  readonly command: string;
  readonly args: readonly string[];
}

/** The wall of the operating system around a worker process: it starts the worker through something that shuts it in. */
export interface Jail {
  /** Shown in `/health`. */
  readonly name: string;
  /** Gives the command that starts `worker` inside. The process it starts must end when it is killed, with all that it started. */
  wrap(worker: WorkerCommandLine): WorkerCommandLine;
}

/** No wall: a program that breaks out of its isolate has the rights of the user of the edge. */
export const noJail: Jail = { name: 'none', wrap: (worker) => worker };
