import type { JsonObject } from '@loopwright/protocol';
import type { Ambiguity } from '../clarify/clarification.ts';

/** How far estimates are off, on examples that were not trained with. */
export interface EstimateScore {
  /** Mean absolute error with its 95 % interval (normal approximation). */
  readonly mae: number;
  readonly low: number;
  readonly high: number;
  /** Root of the mean squared error. */
  readonly rmse: number;
  /** Share of the variance that is explained; `null` when all values are equal. */
  readonly r2: number | null;
  readonly n: number;
}

/** What is known about a generated program that estimates a number. */
export interface RegressionReport {
  readonly goal: 'regression';
  readonly model: string;
  readonly inputSchema: JsonObject;
  readonly outputSchema: JsonObject;
  readonly examples: {
    readonly given: number;
    /** Left out: the input was there before; its outputs are averaged. */
    readonly duplicates: number;
    readonly clarified: number;
    readonly training: number;
  };
  /** Of exactly the emitted program. */
  readonly holdout: EstimateScore;
  /** Mean absolute error on the hold-out of always giving the mean or the median of the training part. */
  readonly baseline: { readonly meanMae: number; readonly medianMae: number };
  readonly crossValidation: readonly { readonly model: string; readonly mae: number; readonly rmse: number }[];
  /** Half the width of the interval that the program gives, the share it was made for, and the share of the hold-out that lies in it. */
  readonly interval: { readonly halfWidth: number; readonly intended: number; readonly holdoutCoverage: number };
  readonly ambiguity: Ambiguity;
  readonly sourceBytes: number;
  readonly seconds: number;
  readonly seed: number;
}

/** The report as the wire carries it. */
export function regressionMetadata(report: RegressionReport): JsonObject {
  return {
    goal: report.goal,
    kind: 'table',
    model: report.model,
    input_schema: report.inputSchema,
    output_schema: report.outputSchema,
    examples: { ...report.examples },
    holdout: { ...report.holdout },
    baseline: { mean_mae: report.baseline.meanMae, median_mae: report.baseline.medianMae },
    cross_validation: report.crossValidation.map((result) => ({ ...result })),
    interval: {
      half_width: report.interval.halfWidth,
      intended: report.interval.intended,
      holdout_coverage: report.interval.holdoutCoverage,
    },
    source_bytes: report.sourceBytes,
    induction_seconds: report.seconds,
    seed: report.seed,
    accuracy_target: null,
  };
}
