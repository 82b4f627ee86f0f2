import { type Json, seededRandom } from '@loopwright/protocol';
import { LIMITS } from '../limits.ts';
import { shuffle } from '../split/hold-out.ts';
import type { InductionTask } from '../task.ts';
import { ESTIMATORS, type Estimator, estimate, trainEstimator } from './estimators.ts';
import type { RegressionData } from './read-regression.ts';
import { maeOf, scoreEstimates } from './score-estimates.ts';

const FOLDS = 5;
/** Examples that cross-validation looks at. */
const MOST_VALIDATED = 4000;
/** A later candidate, which is less simple, must be better by this share. */
const MIN_BETTER = 0.01;

/** One candidate after cross-validation. */
interface ValidatedEstimator {
  readonly model: string;
  readonly mae: number;
  /** Estimates for the validated examples, each by a model that was not trained with it. */
  readonly estimates: readonly number[];
  /** Trains it on the whole training part. */
  readonly train: () => Estimator;
}

/** What cross-validation comes to. */
export interface SelectedEstimator {
  readonly best: ValidatedEstimator;
  /** The best of the others. */
  readonly rival: ValidatedEstimator;
  readonly results: readonly { readonly model: string; readonly mae: number; readonly rmse: number }[];
  /** The true outputs of the validated examples. */
  readonly truth: readonly number[];
}

/** A fifth of the inputs at random; what people settled is never held out. */
export function splitRegression(
  data: RegressionData,
  isSettled: (input: Json) => boolean,
  seed: number,
): { training: number[]; heldOut: number[] } {
  const open = [...data.inputs.keys()].filter((member) => !isSettled(data.inputs[member] ?? null));
  const held = new Set(shuffle(open, seededRandom(seed)).slice(0, Math.round(data.inputs.length * LIMITS.holdOutShare)));
  const all = [...data.inputs.keys()];
  return { training: all.filter((member) => !held.has(member)), heldOut: all.filter((member) => held.has(member)) };
}

/** Compares the estimators by cross-validation on the training part. */
export function selectEstimator(task: InductionTask, data: RegressionData, training: readonly number[]): SelectedEstimator {
  const validated = shuffle([...training], seededRandom(task.seed + 1)).slice(0, MOST_VALIDATED);
  const truth = validated.map((member) => data.targets[member] ?? 0);
  const onRound = (): void => task.signal?.throwIfAborted();
  const all = ESTIMATORS.map((candidate, done): ValidatedEstimator => {
    task.onProgress?.({ stage: candidate.name, done, total: ESTIMATORS.length + 1 });
    const estimates: number[] = [];
    for (let fold = 0; fold < FOLDS; fold += 1) {
      const members = validated.filter((_, place) => place % FOLDS !== fold);
      const estimator = trainEstimator(candidate, { ...data, members, onRound });
      for (const [place, member] of validated.entries()) {
        if (place % FOLDS === fold) estimates[place] = estimate(estimator, data.inputs[member] ?? null);
      }
    }
    const train = (): Estimator => trainEstimator(candidate, { ...data, members: training, onRound });
    return { model: candidate.name, mae: maeOf(truth, estimates), estimates, train };
  });
  const best = all.reduce((before, one) => (one.mae < before.mae * (1 - MIN_BETTER) ? one : before));
  const [rival = best] = all.filter((one) => one !== best).sort((a, b) => a.mae - b.mae);
  const results = all.map(({ model, mae, estimates }) => ({ model, mae, rmse: scoreEstimates(truth, estimates).rmse }));
  return { best, rival, results, truth };
}
