import { confidenceOf } from '../program/linear-model.ts';

/** One answer to an example that the model was not trained with. */
export interface ValidatedAnswer {
  readonly truth: number;
  readonly place: number;
  /** Scores of all labels; `null` where the model has none or knew nothing of the input. */
  readonly scores: readonly number[] | null;
  readonly confidence: number;
}

/** Temperatures that are tried: 2 to the power of −8 to 8 in quarter steps. */
const EXPONENTS = Array.from({ length: 65 }, (_, step) => step / 4 - 8);

/**
 * The temperature at which the probabilities fit the answers best, by the mean logarithm of the probability of the truth (Guo, Pleiss, Sun,
 * Weinberger: On Calibration of Modern Neural Networks, ICML 2017). 1 when no answer has scores.
 */
export function chooseTemperature(answers: readonly ValidatedAnswer[]): number {
  let best = { temperature: 1, loss: Infinity };
  for (const exponent of EXPONENTS) {
    const temperature = 2 ** exponent;
    let loss = 0;
    for (const { truth, scores } of answers) {
      if (scores === null) continue;
      loss += Math.min(50, logSumOf(scores, temperature) - (scores[truth] ?? 0) / temperature);
    }
    if (loss > 0 && loss < best.loss) best = { temperature, loss };
  }
  return best.temperature;
}

/** The answers with their confidence at a temperature. Answers of models without scores stay as they are. */
export function atTemperature(answers: readonly ValidatedAnswer[], temperature: number): ValidatedAnswer[] {
  return answers.map((answer) => {
    if (answer.scores === null) return answer;
    return { ...answer, confidence: confidenceOf(answer.scores, answer.place, temperature) };
  });
}

/** Logarithm of the sum of the exponentials of the scores over the temperature. */
function logSumOf(scores: readonly number[], temperature: number): number {
  let highest = -Infinity;
  for (const score of scores) highest = Math.max(highest, score);
  let sum = 0;
  for (const score of scores) sum += Math.exp((score - highest) / temperature);
  return Math.log(sum) + highest / temperature;
}

/** An answer with how sure it is and whether it is right. */
export interface SureAnswer {
  readonly confidence: number;
  readonly isRight: boolean;
}

/** When a program should rather not answer. */
export interface Abstention {
  /** Below this confidence it abstains. */
  readonly threshold: number;
  /** What the threshold was chosen for. */
  readonly criterion: 'precision_target' | 'keep_right_answers';
  /** Whether the answers above the threshold were as often right on validation data as was asked for. */
  readonly met: boolean;
  /** What the threshold did to validation data: the share that is answered, and the share of these that is right (`null`: none is answered). */
  readonly validation: { readonly answered: number; readonly precision: number | null; readonly n: number };
}

/** Share of the right answers that abstaining may cost when no precision is asked for. */
const MAX_LOST = 0.005;

/**
 * Chooses the threshold on answers to examples that were not trained with. With a `precisionTarget`, the lowest one above which so many of
 * the answers are right; without, the highest one that gives up at most one right answer in two hundred.
 */
export function chooseThreshold(answers: readonly SureAnswer[], precisionTarget: number | null): Abstention {
  const sorted = answers.toSorted((a, b) => a.confidence - b.confidence);
  const { threshold, met } =
    precisionTarget === null ? { threshold: keepRight(sorted), met: true } : reachPrecision(sorted, precisionTarget);
  const below = sorted.findLast(({ confidence }) => confidence < threshold)?.confidence ?? 0;
  const rounded = shortBetween(below, threshold);
  return {
    threshold: rounded,
    criterion: precisionTarget === null ? 'keep_right_answers' : 'precision_target',
    met,
    validation: { ...answeredAbove(answers, rounded), n: answers.length },
  };
}

/** A number of few digits above the one and not above the other, as near to the middle as its digits allow. */
function shortBetween(low: number, high: number): number {
  for (let digits = 2; digits <= 15; digits += 1) {
    const middle = Number(((low + high) / 2).toPrecision(digits));
    if (middle > low && middle <= high) return middle;
  }
  return high;
}

/** The share of answers of at least some confidence, and the share of these that is right. */
export function answeredAbove(answers: readonly SureAnswer[], threshold: number): { answered: number; precision: number | null } {
  const given = answers.filter(({ confidence }) => confidence >= threshold);
  const right = given.filter(({ isRight }) => isRight).length;
  return {
    answered: answers.length === 0 ? 0 : given.length / answers.length,
    precision: given.length === 0 ? null : right / given.length,
  };
}

function keepRight(sorted: readonly SureAnswer[]): number {
  const right = sorted.filter(({ isRight }) => isRight);
  return right[Math.floor(right.length * MAX_LOST)]?.confidence ?? 0;
}

/** From the surest down: the last place at which the answers so far are right often enough. Where none is, everything is abstained from. */
function reachPrecision(sorted: readonly SureAnswer[], target: number): { threshold: number; met: boolean } {
  let right = 0;
  let threshold: number | undefined;
  for (let at = sorted.length - 1; at >= 0; at -= 1) {
    const answer = sorted[at];
    if (answer?.isRight === true) right += 1;
    const isBoundary = sorted[at - 1]?.confidence !== answer?.confidence;
    if (isBoundary && right / (sorted.length - at) >= target) threshold = answer?.confidence;
  }
  return threshold === undefined ? { threshold: 2, met: false } : { threshold, met: true };
}

/** Mean distance between confidence and share of right answers over ten bins, weighted by their answers (expected calibration error). */
export function calibrationError(answers: readonly SureAnswer[]): number {
  const bins = Array.from({ length: 10 }, () => ({ n: 0, right: 0, confidence: 0 }));
  for (const { confidence, isRight } of answers) {
    const bin = bins[Math.min(9, Math.floor(confidence * 10))];
    if (bin === undefined) continue;
    bin.n += 1;
    bin.right += isRight ? 1 : 0;
    bin.confidence += confidence;
  }
  return bins.reduce((sum, { right, confidence }) => sum + Math.abs(right - confidence), 0) / Math.max(1, answers.length);
}
