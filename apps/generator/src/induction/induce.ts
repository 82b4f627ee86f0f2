import { type Clock, type CodeArtifact, type Json, type LabelledExample, isoTime, seededRandom } from '@loopwright/protocol';
import { type AnsweredExample, type ProgramCase, chooseCases, wrongInput } from './emit/cases.ts';
import { modelCard } from './emit/model-card.ts';
import { programSource } from './emit/program-source.ts';
import { inputSchema, outputSchema } from './emit/schemas.ts';
import { testSource } from './emit/test-source.ts';
import { openModel } from './learn/model.ts';
import type { TrainingData } from './learn/train-model.ts';
import { LIMITS } from './limits.ts';
import { textOf } from './read/input-kind.ts';
import { type ReadExamples, type Sample, readExamples } from './read/read-examples.ts';
import { type Refused, refuse } from './refusal.ts';
import { type InductionReport, originOf, percent, questionsOf, reportOfScore, warningsOf } from './report.ts';
import { type Score, scoreAnswers } from './score/confusion.ts';
import { tableCandidates, textCandidates } from './select/candidates.ts';
import { type CrossValidation, mostFrequent, selectModel } from './select/cross-validate.ts';
import { stratifiedParts } from './split/hold-out.ts';

/** What a program is to be learned from. */
export interface InductionTask {
  readonly programName: string;
  readonly taskDescription: string;
  readonly examples: readonly LabelledExample[];
  /** Answer to an input that has nothing the examples had; `null`: the most frequent label. */
  readonly unknownLabel: string | null;
  /** Accuracy that the hold-out should reach; a miss is a warning, not a refusal. */
  readonly accuracyTarget: number | null;
  /** Equal seeds and examples give equal programs. */
  readonly seed: number;
  /** Gives the date in the header and the seconds in the report. */
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { stage: string; done: number; total: number }) => void;
}

/** A program with its tests and its model card, or why there is none. */
export type InductionResult =
  | {
      readonly ok: true;
      readonly files: CodeArtifact[];
      readonly report: InductionReport;
      readonly warnings: string[];
      readonly cases: readonly ProgramCase[];
      /** The examples that were held out. */
      readonly heldOut: readonly LabelledExample[];
      /** An input that the program refuses by throwing. */
      readonly wrongInput: Json;
    }
  | { readonly ok: false; readonly refused: Refused };

/**
 * Learns a program from labelled examples. A fifth of the distinct inputs is held out; a model is chosen by
 * cross-validation on the rest, trained on the rest, and scored once on the hold-out. The emitted program is that very
 * model, so the score is its own.
 *
 * @throws the reason of `signal` when it is aborted
 */
export function induce(task: InductionTask): InductionResult {
  const started = task.clock.now();
  const read = readExamples(task.examples);
  if (!read.ok) return read;
  const { kind, labels, samples } = read.value;
  const { training, heldOut } = splitHoldOut(samples, task.seed);
  const data = { kind, samples: training, classes: labels.length };
  const { best, trainer, results } = select(task, data, samples);
  const everyone = [...training.keys()];
  const usual = mostFrequent(data, everyone);
  const refused = noSignal(best, training, usual);
  if (refused !== undefined) return { ok: false, refused };
  const model = trainer(everyone, seededRandom(task.seed));
  task.signal?.throwIfAborted();
  const answers = answersOf(labels, task.unknownLabel);
  const otherwise = task.unknownLabel === null ? usual : answers.indexOf(task.unknownLabel);
  const open = openModel(model);
  const run = (input: Json): Json => answers[placeOr(open(input), otherwise)] ?? null;
  const { answered, score, latencyMs } = scoreHoldOut(heldOut, answers, (input) => placeOr(open(input), otherwise));
  const cases = chooseCases(answered, kind, run);
  const date = isoTime(started).slice(0, 10);
  const source = programSource(model, {
    programName: task.programName,
    taskDescription: task.taskDescription,
    kind,
    answers,
    otherwise: answers[otherwise] ?? '',
    origin: originOf(best.model, training.length, score, date),
  });
  const report: InductionReport = {
    ...reportOfScore(score, answers, heldOut.filter((sample) => sample.label === usual).length),
    kind: kind.kind,
    labels: answers,
    model: best.model,
    inputSchema: inputSchema(kind),
    outputSchema: outputSchema(answers),
    examples: {
      given: task.examples.length,
      duplicates: read.value.duplicates,
      conflicts: read.value.conflicts,
      training: training.length,
    },
    crossValidation: results,
    features: model.kind === 'tree' ? questionsOf(model.tree) : model.linear.features,
    sourceBytes: Buffer.byteLength(source),
    latencyMs,
    seconds: (task.clock.now() - started) / 1000,
    seed: task.seed,
    target:
      task.accuracyTarget === null ? null : { accuracy: task.accuracyTarget, met: score.right / score.n >= task.accuracyTarget },
  };
  const warnings = warningsOf(report, read.value);
  const files = [
    file('program.ts', source, 'source_code', 'The program: exports run'),
    file('program.test.ts', testSource(task.programName, kind, cases), 'test', 'Tests: node --test program.test.ts'),
    file(
      'MODEL_CARD.md',
      modelCard({ task, model, report, score, warnings, date }),
      'documentation',
      'What the program is and how good it is',
    ),
  ];
  const held = answered.map(({ input, label }) => ({ input, output: label }));
  return { ok: true, files, report, warnings, cases, heldOut: held, wrongInput: wrongInput(kind) };
}

function select(task: InductionTask, data: TrainingData, samples: readonly Sample[]): ReturnType<typeof selectModel> {
  const { kind } = data;
  const candidates = kind.kind === 'text' ? textCandidates(charactersOf(samples, kind.field), data.classes) : tableCandidates();
  const total = candidates.length + 1;
  const selected = selectModel({
    data,
    candidates,
    folds: data.samples.length > 1000 ? 3 : 5,
    maxSamples: LIMITS.maxCrossValidated,
    seed: task.seed,
    onCandidate: (stage, done) => {
      task.signal?.throwIfAborted();
      task.onProgress?.({ stage, done, total });
    },
  });
  task.onProgress?.({ stage: 'training', done: candidates.length, total });
  return selected;
}

function placeOr(place: number, otherwise: number): number {
  return place === -1 ? otherwise : place;
}

/** The one look at the hold-out: answers, score, and the median time of an answer. */
function scoreHoldOut(
  heldOut: readonly Sample[],
  answers: InductionReport['labels'],
  place: (input: Json) => number,
): { answered: AnsweredExample[]; score: Score; latencyMs: number } {
  const latencies: number[] = [];
  const given = heldOut.map((sample) => {
    const before = performance.now();
    const answer = place(sample.input);
    latencies.push(performance.now() - before);
    return answer;
  });
  const truth = heldOut.map((sample) => sample.label);
  const answered = heldOut.map(({ input, label }, at) => ({
    input,
    label: answers[label] ?? null,
    answer: answers[given[at] ?? 0] ?? null,
  }));
  const latencyMs = latencies.sort((a, b) => a - b)[Math.floor(latencies.length / 2)] ?? 0;
  return { answered, score: scoreAnswers(truth, given, answers.length), latencyMs };
}

/** One of five stratified parts; the training part keeps the examples of a label that has but one group. */
function splitHoldOut(samples: readonly Sample[], seed: number): { training: Sample[]; heldOut: Sample[] } {
  const parts = stratifiedParts(samples, Math.round(1 / LIMITS.holdOutShare), seededRandom(seed));
  const heldOut = samples.filter((_, place) => parts[place] === 1);
  return { training: samples.filter((_, place) => parts[place] !== 1), heldOut };
}

function charactersOf(samples: readonly Sample[], field: string | null): number {
  return samples.reduce((sum, sample) => sum + Math.min(textOf(sample.input, field).length, LIMITS.readCharacters), 0);
}

/** The labels, and the one for unknown input when it is another. */
function answersOf(labels: ReadExamples['labels'], unknownLabel: string | null): readonly (string | number | boolean)[] {
  return unknownLabel === null || labels.includes(unknownLabel) ? labels : [...labels, unknownLabel];
}

/** Refuses when cross-validation shows that the best model is no better than guessing. */
function noSignal(best: CrossValidation, training: readonly Sample[], usual: number): Refused | undefined {
  const majority = training.filter((sample) => sample.label === usual).length / training.length;
  const guess = 1 / new Set(training.map((sample) => sample.label)).size;
  if (best.low > majority || best.balanced > guess + 0.1) return undefined;
  const details = {
    accuracy: best.accuracy,
    balanced_accuracy: best.balanced,
    always_most_frequent: majority,
    model: best.model,
  };
  const reason = `Nothing in the inputs tells the labels apart: the best model is right in ${percent(best.accuracy)}, always giving the most frequent label in ${percent(majority)}`;
  return refuse('no_signal', reason, details);
}

function file(path: string, content: string, type: CodeArtifact['artifact_type'], description: string): CodeArtifact {
  return {
    file_path: path,
    content,
    artifact_type: type,
    language: path.endsWith('.ts') ? 'typescript' : 'markdown',
    description,
  };
}
