/** Tells a person at a terminal, or a log file, how long work goes on. Everything goes to standard error; results go to standard output. */
export interface Reporter {
  title(text: string): void;
  /** A step that takes a while; `update` says how far it is. */
  begin(text: string): Step;
  /** A step whose length is known. */
  count(text: string, total: number): Counter;
  warn(text: string): void;
}

/** A step under way. */
export interface Step {
  update(text: string): void;
  done(text: string): void;
  failed(text: string): void;
}

/** A counted step under way. */
export interface Counter {
  advance(by: number): void;
  done(text: string): void;
  failed(text: string): void;
}
