import type { JsonObject } from '@loopwright/protocol';
import { ambiguityMetadata } from '../induction/clarify/clarification.ts';
import { regressionMetadata } from '../induction/regression/regression-report.ts';
import type { ConfidenceReport, InductionReport } from '../induction/report.ts';
import { shareMetadata } from '../induction/share-report.ts';
import type { AnyReport } from '../induction/task.ts';
import { transformationMetadata } from '../induction/transformation/transformation-report.ts';

/** The report as the wire carries it. */
export function reportMetadata(report: AnyReport): JsonObject {
  if (report.goal === 'regression') return { ...regressionMetadata(report), ...ambiguityMetadata(report.ambiguity) };
  if (report.goal === 'transformation') return { ...transformationMetadata(report), ...ambiguityMetadata(report.ambiguity) };
  return labelMetadata(report);
}

function labelMetadata(report: InductionReport): JsonObject {
  return {
    goal: report.goal,
    kind: report.kind,
    model: report.model,
    labels: [...report.labels],
    ...shareMetadata(report),
    classes: report.classes.map((scores) => ({ ...scores })),
    cross_validation: report.crossValidation.map((result) => ({ ...result })),
    confidence: confidenceMetadata(report.confidence),
    ...ambiguityMetadata(report.ambiguity),
    features: report.features,
  };
}

function confidenceMetadata(confidence: ConfidenceReport): JsonObject {
  return {
    temperature: confidence.temperature,
    calibration_error: confidence.calibrationError,
    threshold: confidence.threshold,
    criterion: confidence.criterion,
    met: confidence.met,
    applied: confidence.isApplied,
    validation: { ...confidence.validation },
    holdout: { ...confidence.holdout },
  };
}
