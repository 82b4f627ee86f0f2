import type { JsonObject } from '@loopwright/protocol';
import type { Ambiguity } from './clarify/clarification.ts';

/** What is known about any generated program whose answers are right or wrong. Times are in seconds unless the name says otherwise. */
export interface ShareReport {
  readonly inputSchema: JsonObject;
  readonly outputSchema: JsonObject;
  readonly examples: {
    readonly given: number;
    /** Left out: an equal example was there before. */
    readonly duplicates: number;
    /** Left out: equal inputs had different outputs. */
    readonly conflicts: number;
    /** Answers of people to questions of an earlier result. */
    readonly clarified: number;
    /** What the program was trained with. */
    readonly training: number;
  };
  /** Score of exactly the emitted program on examples that neither training nor selection saw; 95 % Wilson interval. */
  readonly holdout: { readonly accuracy: number; readonly low: number; readonly high: number; readonly n: number };
  /** Accuracy on the hold-out of always giving the most frequent output. */
  readonly baseline: number;
  readonly ambiguity: Ambiguity;
  readonly sourceBytes: number;
  readonly seconds: number;
  readonly seed: number;
  /** The asked accuracy and whether the hold-out reached it. */
  readonly target: { readonly accuracy: number; readonly met: boolean } | null;
}

/** The members that every such report has on the wire. */
export function shareMetadata(report: ShareReport): JsonObject {
  return {
    input_schema: report.inputSchema,
    output_schema: report.outputSchema,
    examples: { ...report.examples },
    holdout: { ...report.holdout },
    baseline_accuracy: report.baseline,
    source_bytes: report.sourceBytes,
    induction_seconds: report.seconds,
    seed: report.seed,
    accuracy_target: report.target === null ? null : { ...report.target },
  };
}
