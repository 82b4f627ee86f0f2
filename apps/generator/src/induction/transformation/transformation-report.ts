import type { JsonObject } from '@loopwright/protocol';
import type { Abstention } from '../select/calibrate.ts';
import { type ShareReport, shareMetadata } from '../share-report.ts';

/** What is known about a generated program that transforms texts; an output is right as a whole, or wrong. */
export interface TransformationReport extends ShareReport {
  readonly goal: 'transformation';
  readonly fields: readonly TransformedField[];
  readonly confidence: Abstention & { readonly isApplied: boolean };
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
    ...shareMetadata(report),
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
  };
}
