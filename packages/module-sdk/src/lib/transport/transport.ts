/** Who takes what comes over a {@link Transport}. Must not throw. */
export interface Receiver {
  /** One line without its end, in the order in which they were sent. */
  line(text: string): void;
  /** A line over the limit came and was left out. */
  tooLong(): void;
  /** The other side closed, or the way broke (`error`); called once, after all lines. Nothing comes after it. */
  end(error?: Error): void;
}

/**
 * A way for lines of text between two processes: the least that the module protocol needs. `transport.suite.ts` says what each one must do.
 */
export interface Transport {
  /** Begins to read; called once. Until then nothing is lost: what comes waits in the pipe. */
  start(receiver: Receiver): void;
  /** Sends a line (without its end, and with none inside). Gives `false` when there is more waiting than should be: then wait for {@link Transport.drained}. After the end it does nothing. */
  send(line: string): boolean;
  /** Bytes that were given to {@link Transport.send} and are not with the system yet. */
  readonly waitingBytes: number;
  /** Resolves when there is room again, or when nothing can be sent any more. */
  drained(): Promise<void>;
  /** Lets nothing in until {@link Transport.resume}; lines that are read already may still come. */
  pause(): void;
  resume(): void;
  /** Sends what was given to it, then closes. Resolves when all of it is with the system, or lost. */
  close(): Promise<void>;
  /** Closes at once; what was not sent is lost. */
  abort(): void;
}
