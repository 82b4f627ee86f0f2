/** The evidence of one class: lists of features, separated by blanks, that have the same weight. */
export type ClassEvidence = readonly (readonly [weight: number, features: string])[];

/** For every feature the places of classes and their weights in turn: class, weight, class, weight … */
export type Weights = ReadonlyMap<string, readonly number[]>;

/** How features become scores. */
export interface ScoreSettings {
  /** Score of each class before anything is read. */
  readonly bias: readonly number[];
  /** Dampen repeated features by 1 + ln(count). */
  readonly dampen: boolean;
  /** Divide by the length of the vector of all features, so that long and short texts weigh the same. */
  readonly normalise: boolean;
}

/** Reads the tables of all classes. */
export function readWeights(classes: readonly ClassEvidence[]): Weights {
  const weights = new Map<string, number[]>();
  for (const [place, evidence] of classes.entries()) {
    for (const [weight, features] of evidence) {
      for (const feature of features.split(' ')) {
        const known = weights.get(feature);
        if (known === undefined) weights.set(feature, [place, weight]);
        else known.push(place, weight);
      }
    }
  }
  return weights;
}

/** Adds up the weights of the features for each class. */
export function linearScores(features: ReadonlyMap<string, number>, weights: Weights, settings: ScoreSettings): number[] {
  const sums = settings.bias.map(() => 0);
  let squares = 0;
  for (const [feature, count] of features) {
    const value = settings.dampen ? 1 + Math.log(count) : count;
    squares += value * value;
    const known = weights.get(feature);
    if (known === undefined) continue;
    for (let at = 0; at < known.length; at += 2) {
      const place = known[at] ?? 0;
      sums[place] = (sums[place] ?? 0) + value * (known[at + 1] ?? 0);
    }
  }
  const length = settings.normalise && squares > 0 ? Math.sqrt(squares) : 1;
  return settings.bias.map((bias, place) => bias + (sums[place] ?? 0) / length);
}

/** The place of the highest score, the first of equals. */
export function highest(scores: readonly number[]): number {
  let best = 0;
  for (let place = 1; place < scores.length; place += 1) {
    if ((scores[place] ?? 0) > (scores[best] ?? 0)) best = place;
  }
  return best;
}

/**
 * How sure a model is of the class at a place: its share when the scores are turned into probabilities. The temperature was
 * chosen so that on examples not trained with, answers of confidence 0.9 are right about nine times in ten.
 */
export function confidenceOf(scores: readonly number[], place: number, temperature: number): number {
  let sum = 0;
  for (const score of scores) sum += Math.exp((score - (scores[place] ?? 0)) / temperature);
  return 1 / sum;
}
