import { wilsonInterval } from '@loopwright/protocol';
import type { Tree } from './learn/decision-tree.ts';
import type { ReadExamples } from './read/read-examples.ts';
import { type ClassScore, type Score, classScores } from './score/confusion.ts';
import type { Abstention } from './select/calibrate.ts';
import type { CrossValidation } from './select/cross-validate.ts';
import type { ShareReport } from './share-report.ts';

/** What is known about a generated program that gives labels. */
export interface InductionReport extends ShareReport {
  readonly goal: 'classification';
  readonly kind: 'text' | 'table';
  readonly labels: readonly (string | number | boolean)[];
  /** The chosen model, by name. */
  readonly model: string;
  readonly classes: readonly (ClassScore & { readonly label: string | number | boolean })[];
  readonly crossValidation: readonly CrossValidation[];
  /** How sure the program is, and when it rather does not answer. */
  readonly confidence: ConfidenceReport;
  /** Distinct features in the tables, or questions of the tree. */
  readonly features: number;
  /** Median answer in this process, without a sandbox. */
  readonly latencyMs: number;
}

/** Confidence and abstention of a program that gives labels. */
export interface ConfidenceReport extends Abstention {
  readonly temperature: number;
  /** Expected calibration error on the hold-out. */
  readonly calibrationError: number;
  /** Whether the program gives the unknown label below the threshold. */
  readonly isApplied: boolean;
  /** What the threshold does to the hold-out, and the accuracy there of answering everything. */
  readonly holdout: {
    readonly answered: number;
    readonly precision: number | null;
    readonly accuracy: number;
    readonly n: number;
  };
}

/** The members of the report that come from the score. `usual` counts the held-out examples with the most frequent label. */
export function reportOfScore(
  score: Score,
  answers: InductionReport['labels'],
  usual: number,
): Pick<InductionReport, 'holdout' | 'baseline' | 'classes'> {
  const { share, low, high } = wilsonInterval(score.right, score.n);
  const classes = classScores(score).map(({ n, precision, recall }, label) => ({
    label: answers[label] ?? '',
    n,
    precision,
    recall,
  }));
  return { holdout: { accuracy: share, low, high, n: score.n }, baseline: usual / Math.max(1, score.n), classes };
}

/** Sentences for the header of the program. */
export function originOf(model: string, training: number, score: Score, date: string): string[] {
  const { share, low, high } = wilsonInterval(score.right, score.n);
  return [
    `Learned by the induction agent of Loopwright on ${date} from ${training} labelled examples; the model is ${model}.`,
    `On ${score.n} other examples, held out, it is right in ${percent(share)} (95 % interval ${percent(low)} to ${percent(high)}).`,
  ];
}

/** A share for people. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Questions of a tree. */
export function questionsOf(tree: Tree): number {
  return 'label' in tree ? 0 : 1 + questionsOf(tree.yes) + questionsOf(tree.no);
}

/** What a person should know before the program is accepted. */
export function warningsOf(report: InductionReport, read: ReadExamples): string[] {
  const warnings: string[] = [];
  if (report.target !== null && !report.target.met) {
    warnings.push(
      `The hold-out accuracy of ${percent(report.holdout.accuracy)} is below the target of ${percent(report.target.accuracy)}`,
    );
  }
  if (!report.confidence.met)
    warnings.push('No threshold of confidence reaches the asked precision on validation data: everything is doubtful');
  if (report.holdout.n < 50)
    warnings.push(`The hold-out has only ${report.holdout.n} examples: the interval of the score is wide`);
  if (report.confidence.holdout.accuracy <= report.baseline)
    warnings.push(`On the hold-out the program is no better than always giving the most frequent label`);
  if (read.conflicts > 0) warnings.push(`${read.conflicts} examples were left out: equal inputs had different labels`);
  const untested = report.classes.filter(({ n, label }) => n === 0 && read.labels.includes(label)).length;
  if (untested > 0) warnings.push(`${untested} labels have no example in the hold-out`);
  return warnings;
}
