import type { JsonObject } from '@loopwright/protocol';
import type { InductionReport } from '../induction/report.ts';

/** The report as the wire carries it. */
export function reportMetadata(report: InductionReport): JsonObject {
  return {
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
    features: report.features,
    source_bytes: report.sourceBytes,
    induction_seconds: report.seconds,
    seed: report.seed,
    accuracy_target: report.target === null ? null : { ...report.target },
  };
}
