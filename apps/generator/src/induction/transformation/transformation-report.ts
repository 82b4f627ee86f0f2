import type { JsonObject } from '@loopwright/protocol';
import type { Ambiguity } from '../clarify/clarification.ts';
import type { Abstention } from '../select/calibrate.ts';

/** What is known about a generated program that transforms texts. */
export interface TransformationReport {
  readonly goal: 'transformation';
  readonly inputSchema: JsonObject;
  readonly outputSchema: JsonObject;
  readonly examples: {
    readonly given: number;
    readonly duplicates: number;
    readonly conflicts: number;
    readonly clarified: number;
    readonly training: number;
  };
  /** Whole outputs that are right on examples from which nothing was made; 95 % Wilson interval. */
  readonly holdout: { readonly accuracy: number; readonly low: number; readonly high: number; readonly n: number };
  /** Share of the hold-out that has the most frequent output of the training part. */
  readonly baseline: number;
  readonly fields: readonly TransformedField[];
  readonly confidence: Abstention & { readonly isApplied: boolean };
  readonly ambiguity: Ambiguity;
  readonly sourceBytes: number;
  readonly seconds: number;
  readonly seed: number;
  readonly target: { readonly accuracy: number; readonly met: boolean } | null;
}

/** One field of the output. */
export interface TransformedField {
  readonly name: string | null;
  /** The recipe in words, a line for each way. */
  readonly recipe: readonly string[];
  /** Other recipes that fit every example. */
  readonly rivals: number;
  /** Shares of right values on the training part and on the hold-out. */
  readonly trainingAccuracy: number;
  readonly holdoutAccuracy: number;
}

/** The report as the wire carries it. */
export function transformationMetadata(report: TransformationReport): JsonObject {
  const { confidence } = report;
  return {
    goal: report.goal,
    kind: 'transformation',
    model: 'program search over pieces of texts',
    input_schema: report.inputSchema,
    output_schema: report.outputSchema,
    examples: { ...report.examples },
    holdout: { ...report.holdout },
    baseline_accuracy: report.baseline,
    fields: report.fields.map(({ name, recipe, rivals, trainingAccuracy, holdoutAccuracy }) => ({
      name,
      recipe: [...recipe],
      rivals,
      training_accuracy: trainingAccuracy,
      holdout_accuracy: holdoutAccuracy,
    })),
    confidence: {
      threshold: confidence.threshold,
      criterion: confidence.criterion,
      met: confidence.met,
      applied: confidence.isApplied,
      validation: { ...confidence.validation },
    },
    source_bytes: report.sourceBytes,
    induction_seconds: report.seconds,
    seed: report.seed,
    accuracy_target: report.target === null ? null : { ...report.target },
  };
}
