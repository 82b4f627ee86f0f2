import type { Clock, CodeArtifact, InductionMetadata, Json, LabelledExample } from '@loopwright/protocol';
import type { ProgramCase } from './emit/cases.ts';
import type { Refused } from './refusal.ts';
import type { InductionReport } from './report.ts';
import type { RegressionReport } from './regression/regression-report.ts';
import type { TransformationReport } from './transformation/transformation-report.ts';

/** What a program is to be learned from. */
export interface InductionTask {
  readonly programName: string;
  readonly taskDescription: string;
  readonly examples: readonly LabelledExample[];
  /** What kind of program; `auto` (the default) tells it by the outputs. */
  readonly goal?: InductionMetadata['goal'];
  /** Answer to an input that has nothing the examples had, or that the program is too unsure of; `null`: the most frequent label. */
  readonly unknownLabel: string | null;
  /** Accuracy that the hold-out should reach; a miss is a warning, not a refusal. */
  readonly accuracyTarget: number | null;
  /** Share of the answers that shall be right; what the program is less sure of gets the unknown label. */
  readonly precisionTarget?: number | null;
  /** Answers of people to questions of an earlier result: they overrule the examples and become tests. */
  readonly clarifications?: readonly LabelledExample[];
  /** Inputs without an answer, on which candidates are compared; questions are taken from them. */
  readonly unlabelledInputs?: readonly Json[];
  /** Equal seeds and examples give equal programs. */
  readonly seed: number;
  /** Gives the date in the header and the seconds in the report. */
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { stage: string; done: number; total: number }) => void;
}

/** What is known about a generated program, by the kind of program. */
export type AnyReport = InductionReport | RegressionReport | TransformationReport;

/** A program with its tests and its model card. */
export interface Induced {
  readonly ok: true;
  readonly files: CodeArtifact[];
  readonly report: AnyReport;
  readonly warnings: string[];
  readonly cases: readonly ProgramCase[];
  /** The examples that were held out. */
  readonly heldOut: readonly LabelledExample[];
  /** An input that the program refuses by throwing. */
  readonly wrongInput: Json;
}

/** A program, or why there is none. */
export type InductionResult = Induced | { readonly ok: false; readonly refused: Refused };
