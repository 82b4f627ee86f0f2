import { type Random, seededRandom, wilsonInterval } from '@loopwright/protocol';
import { openModel } from '../learn/model.ts';
import { type Trainer, type TrainingData, createTrainer } from '../learn/train-model.ts';
import { balancedAccuracy, scoreAnswers } from '../score/confusion.ts';
import { shuffle, stratifiedParts } from '../split/hold-out.ts';
import type { Sample } from '../read/read-examples.ts';
import type { ValidatedAnswer } from './calibrate.ts';
import type { Candidate } from './candidates.ts';

/** What cross-validation says of one candidate. */
export interface CrossValidation {
  readonly model: string;
  readonly accuracy: number;
  readonly low: number;
  readonly high: number;
  readonly balanced: number;
  readonly n: number;
}

/** What a selection is made with. */
export interface Selection {
  readonly data: TrainingData;
  readonly candidates: readonly Candidate[];
  readonly folds: number;
  /** Samples that are looked at; a random choice of them when there are more. */
  readonly maxSamples: number;
  readonly seed: number;
  /** Called before each candidate; may throw to end the work. */
  readonly onCandidate: (name: string, place: number) => void;
}

/** A candidate with its answers to the samples of the validation, each by a model that was not trained with it. */
export interface Validated {
  readonly result: CrossValidation;
  readonly answers: readonly ValidatedAnswer[];
  /** Trains it on the whole data. */
  readonly trainer: () => Trainer;
}

/** What a selection comes to. */
export interface Selected {
  /** The candidate with the highest accuracy; of equals the first, that is the simplest. */
  readonly best: Validated;
  /** The one that comes second. */
  readonly rival: Validated | undefined;
  readonly results: readonly CrossValidation[];
  /** The samples that the answers are to. */
  readonly samples: readonly Sample[];
}

/** Compares the candidates by cross-validation. */
export function selectModel(selection: Selection): Selected {
  const { data, candidates, folds, maxSamples, seed, onCandidate } = selection;
  const random = seededRandom(seed);
  const chosen = shuffle([...data.samples.keys()], random).slice(0, maxSamples);
  const subset: TrainingData = {
    ...data,
    samples: chosen.map((member) => data.samples[member]).filter((sample) => sample !== undefined),
  };
  const parts = stratifiedParts(subset.samples, folds, random);
  const all: Validated[] = [];
  for (const [place, candidate] of candidates.entries()) {
    onCandidate(candidate.name, place);
    const answers = crossValidate(createTrainer(candidate, subset), subset, { parts, folds, random });
    const result = { model: candidate.name, ...accuracyOf(answers, data.classes) };
    all.push({ result, answers, trainer: () => createTrainer(candidate, data) });
  }
  const ranked = all.toSorted((a, b) => b.result.accuracy - a.result.accuracy);
  const [best, rival] = ranked;
  if (best === undefined) throw new RangeError('Cannot select a model: no candidates');
  return { best, rival, results: all.map(({ result }) => result), samples: subset.samples };
}

function crossValidate(
  trainer: Trainer,
  data: TrainingData,
  { parts, folds, random }: { parts: readonly number[]; folds: number; random: Random },
): ValidatedAnswer[] {
  const answers: ValidatedAnswer[] = [];
  for (let fold = 0; fold < folds; fold += 1) {
    const members = [...data.samples.keys()].filter((member) => parts[member] !== fold);
    const open = openModel(trainer(members, random), 1);
    const usual = mostFrequent(data, members);
    for (const [member, sample] of data.samples.entries()) {
      if (parts[member] !== fold) continue;
      // An input that has nothing the model knows gets the most frequent label, with no confidence.
      const { place, confidence, scores } = open(sample.input) ?? { place: usual, confidence: 0, scores: null };
      answers[member] = { truth: sample.label, place, confidence, scores };
    }
  }
  return answers;
}

function accuracyOf(answers: readonly ValidatedAnswer[], classes: number): Omit<CrossValidation, 'model'> {
  const score = scoreAnswers(
    answers.map(({ truth }) => truth),
    answers.map(({ place }) => place),
    classes,
  );
  const { share, low, high } = wilsonInterval(score.right, score.n);
  return { accuracy: share, low, high, balanced: balancedAccuracy(score), n: score.n };
}

/** The most frequent label of some samples. */
export function mostFrequent(data: TrainingData, members: readonly number[]): number {
  const counts = Array.from<number>({ length: data.classes }).fill(0);
  for (const member of members) {
    const label = data.samples[member]?.label ?? 0;
    counts[label] = (counts[label] ?? 0) + 1;
  }
  return counts.indexOf(Math.max(...counts));
}
