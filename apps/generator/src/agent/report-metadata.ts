import type { JsonObject } from '@loopwright/protocol';
import { ambiguityMetadata } from '../induction/clarify/clarification.ts';
import type { ConfidenceReport, InductionReport } from '../induction/report.ts';
import type { AnyReport } from '../induction/task.ts';

/** The report as the wire carries it. */
export function reportMetadata(report: AnyReport): JsonObject {
  return labelMetadata(report as InductionReport);
}

function labelMetadata(report: InductionReport): JsonObject {
  return {
    goal: report.goal,
    kind: report.kind,
    model: report.model,
    labels: [...report.labels],
    input_schema: report.inputSchema,
    output_schema: report.outputSchema,
    examples: { ...report.examples },
    holdout: { ...report.holdout },
    baseline_accuracy: report.baseline,
    classes: report.classes.map((scores) => ({ ...scores })),
    cross_validation: report.crossValidation.map((result) => ({ ...result })),
    confidence: confidenceMetadata(report.confidence),
    ...ambiguityMetadata(report.ambiguity),
    features: report.features,
    source_bytes: report.sourceBytes,
    induction_seconds: report.seconds,
    seed: report.seed,
    accuracy_target: report.target === null ? null : { ...report.target },
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
