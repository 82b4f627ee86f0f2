/** How much a set of labelled examples may be. */
export interface ExampleLimits {
  /** Bytes of the whole stream. */
  readonly bytes: number;
  /** Bytes of one line, or of one CSV record. */
  readonly lineBytes: number;
  /** Examples of one set. */
  readonly examples: number;
  /** How deep the JSON of one example may be nested. */
  readonly depth: number;
}

export const EXAMPLE_LIMITS: ExampleLimits = {
  bytes: 64 * 1024 * 1024,
  lineBytes: 1024 * 1024,
  examples: 200_000,
  depth: 64,
};

/** Labels that a summary names; the others are only counted. */
export const LABELS_SHOWN = 1000;

/** Summaries that a store keeps in memory. */
export const SUMMARIES_KEPT = 100;
