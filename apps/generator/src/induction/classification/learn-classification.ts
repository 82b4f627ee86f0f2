import { type Json, isoTime, seededRandom } from '@loopwright/protocol';
import { askAboutLabels } from '../clarify/ask-about-labels.ts';
import { leftOut } from '../clarify/clarification.ts';
import { chooseCases, settledCases, wrongInput } from '../emit/cases.ts';
import { modelCard } from '../emit/model-card.ts';
import { programFiles } from '../emit/program-files.ts';
import { programSource } from '../emit/program-source.ts';
import { inputSchema, outputSchema } from '../emit/schemas.ts';
import { testSource } from '../emit/test-source.ts';
import { type Judged, openModel } from '../learn/model.ts';
import type { TrainingData } from '../learn/train-model.ts';
import { LIMITS } from '../limits.ts';
import { isOfKind, textOf } from '../read/input-kind.ts';
import type { ReadExamples, Sample } from '../read/read-examples.ts';
import { type Refused, refuse } from '../refusal.ts';
import { type InductionReport, originOf, percent, questionsOf, reportOfScore, warningsOf } from '../report.ts';
import {
  type Abstention,
  type SureAnswer,
  answeredAbove,
  atTemperature,
  calibrationError,
  chooseTemperature,
  chooseThreshold,
} from '../select/calibrate.ts';
import { tableCandidates, textCandidates } from '../select/candidates.ts';
import { type CrossValidation, type Selected, mostFrequent, selectModel } from '../select/cross-validate.ts';
import type { InductionResult, InductionTask } from '../task.ts';
import { scoreHoldOut } from './score-hold-out.ts';
import { answersOf, readSettled, settledInputs, settledKey, splitHoldOut } from './settled.ts';

/**
 * Learns a program that labels texts or records. A fifth of the distinct inputs is held out; a model is chosen by
 * cross-validation on the rest, trained on the rest, and scored once on the hold-out. The same cross-validation gives the temperature of the
 * confidence and the threshold below which the program abstains. The emitted program is that very model, so the score is its own.
 *
 * @throws the reason of `signal` when it is aborted
 */
export function learnClassification(task: InductionTask): InductionResult {
  const started = task.clock.now();
  const read = readSettled(task);
  if (!read.ok) return read;
  const { kind, labels, samples } = read.value;
  const { training, heldOut } = splitHoldOut(read.value, task.seed);
  const data = { kind, samples: training, classes: labels.length };
  const selected = select(task, data, samples);
  const everyone = [...training.keys()];
  const usual = mostFrequent(data, everyone);
  const refused = noSignal(selected.best.result, training, usual);
  if (refused !== undefined) return { ok: false, refused };
  const calibrated = calibrate(selected, task.precisionTarget ?? null);
  const model = selected.best.trainer()(everyone, seededRandom(task.seed));
  task.signal?.throwIfAborted();
  const open = openModel(model, calibrated.temperature);
  const answers = answersOf(read.value, task.unknownLabel);
  const otherwise = task.unknownLabel === null ? usual : answers.indexOf(task.unknownLabel);
  const threshold = task.unknownLabel === null ? 0 : calibrated.abstention.threshold;
  const settled = settledInputs(read.value, model);
  const settledPlaces = new Map(settled.map(({ key, output }) => [key, answers.indexOf(output)]));
  const answer = (input: Json): number =>
    settledPlaces.get(settledKey(input, model)) ?? placeOf(open(input), threshold, otherwise);
  const run = (input: Json): Json => answers[answer(input)] ?? null;
  const { answered, score, sure, latencyMs } = scoreHoldOut(heldOut, answers, { open, answer, usual });
  const usable = (task.unlabelledInputs ?? []).filter((input) => isOfKind(input, kind));
  const random = seededRandom(task.seed + 1);
  const ambiguity = askAboutLabels({ selected: calibrated.selected, data, labels, unlabelledInputs: usable, open, random });
  const cases = [...settledCases(settled), ...chooseCases(answered, kind, run)];
  const date = isoTime(started).slice(0, 10);
  const source = programSource(model, {
    programName: task.programName,
    taskDescription: task.taskDescription,
    kind,
    answers,
    otherwise: answers[otherwise] ?? '',
    temperature: calibrated.temperature,
    threshold: calibrated.abstention.threshold,
    abstains: task.unknownLabel !== null,
    settled,
    origin: originOf(selected.best.result.model, training.length, score, date),
  });
  const report: InductionReport = {
    ...reportOfScore(score, answers, heldOut.filter((sample) => sample.label === usual).length),
    goal: 'classification',
    kind: kind.kind,
    labels: answers,
    model: selected.best.result.model,
    inputSchema: inputSchema(kind),
    outputSchema: outputSchema(answers),
    examples: examplesOf(task, read.value, training.length),
    crossValidation: selected.results,
    confidence: confidenceOn(sure, calibrated, task.unknownLabel !== null),
    ambiguity,
    features: model.kind === 'tree' ? questionsOf(model.tree) : model.linear.features,
    sourceBytes: Buffer.byteLength(source),
    latencyMs,
    seconds: (task.clock.now() - started) / 1000,
    seed: task.seed,
    target:
      task.accuracyTarget === null ? null : { accuracy: task.accuracyTarget, met: score.right / score.n >= task.accuracyTarget },
  };
  const warnings = [...warningsOf(report, read.value), ...leftOut((task.unlabelledInputs ?? []).length - usable.length)];
  const files = programFiles({
    program: source,
    tests: testSource(task.programName, cases, wrongInput(kind)),
    card: modelCard({ task, model, report, score, warnings, date }),
  });
  const held = answered.map(({ input, label }) => ({ input, output: label }));
  return { ok: true, files, report, warnings, cases, heldOut: held, wrongInput: wrongInput(kind) };
}

function select(task: InductionTask, data: TrainingData, samples: readonly Sample[]): Selected {
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

interface Calibrated {
  /** With the confidence of the best candidate's answers at the temperature. */
  readonly selected: Selected;
  readonly temperature: number;
  readonly abstention: Abstention;
}

/** Chooses temperature and threshold on the answers of the cross-validation. */
function calibrate(selected: Selected, precisionTarget: number | null): Calibrated {
  const temperature = chooseTemperature(selected.best.answers);
  const answers = atTemperature(selected.best.answers, temperature);
  const sure = answers.map(({ truth, place, confidence }) => ({ confidence, isRight: truth === place }));
  return {
    selected: { ...selected, best: { ...selected.best, answers } },
    temperature,
    abstention: chooseThreshold(sure, precisionTarget),
  };
}

/** What the hold-out says of confidence and threshold. */
function confidenceOn(
  sure: readonly SureAnswer[],
  { temperature, abstention }: Calibrated,
  isApplied: boolean,
): InductionReport['confidence'] {
  return {
    temperature,
    calibrationError: calibrationError(sure),
    ...abstention,
    isApplied,
    holdout: {
      ...answeredAbove(sure, abstention.threshold),
      accuracy: sure.filter(({ isRight }) => isRight).length / Math.max(1, sure.length),
      n: sure.length,
    },
  };
}

function placeOf(judged: Judged | undefined, threshold: number, otherwise: number): number {
  return judged === undefined || judged.confidence < threshold ? otherwise : judged.place;
}

function charactersOf(samples: readonly Sample[], field: string | null): number {
  return samples.reduce((sum, sample) => sum + Math.min(textOf(sample.input, field).length, LIMITS.readCharacters), 0);
}

function examplesOf(task: InductionTask, read: ReadExamples, training: number): InductionReport['examples'] {
  return {
    given: task.examples.length,
    duplicates: read.duplicates,
    conflicts: read.conflicts,
    clarified: (task.clarifications ?? []).length,
    training,
  };
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
