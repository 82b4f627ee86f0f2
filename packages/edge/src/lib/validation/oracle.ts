import type { Json, Sample } from '@loopwright/protocol';

/** What an oracle said of one sample. */
export interface OracleAnswer {
  readonly output: Json;
  /** Who it was: `human`, `program`, or the provider of a model. */
  readonly provider: string;
  /** Which person, program or model. */
  readonly model: string | null;
  /** US dollars. */
  readonly costUsd: number;
  readonly latencyMs: number | null;
}

/**
 * Says what would have been right. People are one too: they are not asked here, they take samples from the queue; and so is the model of the control
 * plane, which takes them over HTTP. `ask` gives nothing for a sample that it cannot judge.
 */
export interface Oracle {
  ask(sample: Pick<Sample, 'task_id' | 'input_data'>): Promise<OracleAnswer | undefined>;
}
