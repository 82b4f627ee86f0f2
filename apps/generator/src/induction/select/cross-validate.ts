import { type Random, seededRandom, wilsonInterval } from '@loopwright/protocol';
import { type Model, openModel } from '../learn/model.ts';
import { type Trainer, type TrainingData, createTrainer } from '../learn/train-model.ts';
import { balancedAccuracy, scoreAnswers } from '../score/confusion.ts';
import { shuffle, stratifiedParts } from '../split/hold-out.ts';
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

/** The candidate with the highest accuracy (the first, that is the simplest, of equals), its trainer, and all results. */
export function selectModel(selection: Selection): { best: CrossValidation; trainer: Trainer; results: CrossValidation[] } {
  const { data, candidates, folds, maxSamples, seed, onCandidate } = selection;
  const random = seededRandom(seed);
  const chosen = shuffle([...data.samples.keys()], random).slice(0, maxSamples);
  const subset: TrainingData = {
    ...data,
    samples: chosen.map((member) => data.samples[member]).filter((sample) => sample !== undefined),
  };
  const parts = stratifiedParts(subset.samples, folds, random);
  const results: CrossValidation[] = [];
  let best: { result: CrossValidation; candidate: Candidate } | undefined;
  for (const [place, candidate] of candidates.entries()) {
    onCandidate(candidate.name, place);
    const trainer = createTrainer(candidate, subset);
    const result = { model: candidate.name, ...crossValidate(trainer, subset, { parts, folds, random }) };
    results.push(result);
    if (best === undefined || result.accuracy > best.result.accuracy) best = { result, candidate };
  }
  if (best === undefined) throw new RangeError('Cannot select a model: no candidates');
  return { best: best.result, trainer: createTrainer(best.candidate, data), results };
}

function crossValidate(
  trainer: Trainer,
  data: TrainingData,
  { parts, folds, random }: { parts: readonly number[]; folds: number; random: Random },
): Omit<CrossValidation, 'model'> {
  const answers = Array.from<number>({ length: data.samples.length }).fill(-1);
  for (let fold = 0; fold < folds; fold += 1) {
    const members = [...data.samples.keys()].filter((member) => parts[member] !== fold);
    const answer = answerer(trainer(members, random), data, members);
    for (const [member, sample] of data.samples.entries()) if (parts[member] === fold) answers[member] = answer(sample.input);
  }
  const truth = data.samples.map((sample) => sample.label);
  const score = scoreAnswers(truth, answers, data.classes);
  const { share, low, high } = wilsonInterval(score.right, score.n);
  return { accuracy: share, low, high, balanced: balancedAccuracy(score), n: score.n };
}

/** Like {@link openModel}, with the most frequent label for an input that has nothing the model knows. */
function answerer(model: Model, data: TrainingData, members: readonly number[]): ReturnType<typeof openModel> {
  const open = openModel(model);
  const usual = mostFrequent(data, members);
  return (input) => {
    const label = open(input);
    return label === -1 ? usual : label;
  };
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
