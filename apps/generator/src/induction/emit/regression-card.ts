import type { RegressionReport } from '../regression/regression-report.ts';
import { percent } from '../report.ts';
import { cardText } from './card-text.ts';

/** What the card is written from. */
export interface RegressionCard {
  readonly task: { readonly programName: string; readonly taskDescription: string };
  readonly report: RegressionReport;
  readonly warnings: readonly string[];
  readonly date: string;
}

/** Writes the `MODEL_CARD.md` of a regression. */
export function regressionCard({ task, report, warnings, date }: RegressionCard): string {
  const { holdout, baseline, examples, interval } = report;
  const rows = report.crossValidation.map(({ model, mae, rmse }) => `| ${model} | ${shown(mae)} | ${shown(rmse)} |`);
  const summary = [
    `A program that estimates a number from a record, learned from examples by the induction agent of Loopwright on ${date}. No model provider was asked.`,
    `Score on ${holdout.n} held-out examples: mean absolute error **${shown(holdout.mae)}** (95 % interval ${shown(holdout.low)} to ${shown(holdout.high)}), root mean squared error ${shown(holdout.rmse)}, R² ${holdout.r2 === null ? 'undefined: all outputs are equal' : holdout.r2.toFixed(3)}. Always giving the mean is off by ${shown(baseline.meanMae)}, the median by ${shown(baseline.medianMae)}.`,
  ];
  const sections = [
    `## Data and split\n\n- ${examples.given} examples were given; ${examples.duplicates} had an input that was there before and were averaged; ${examples.clarified} answers of people.\n- ${holdout.n} were held out (at random, seed ${report.seed}); ${examples.training} were used for choice and training.`,
    `## Choice of the model\n\nCross-validation on the training part; the lowest mean absolute error wins, a less simple model only when it is better by 1 %.\n\n| model | mean absolute error | root mean squared error |\n|---|---|---|\n${rows.join('\n')}\n\nChosen: ${report.model}.`,
    `## Interval\n\n\`judge\` gives an interval of ± ${shown(interval.halfWidth)}, made so that ${percent(interval.intended)} of the true values lie in it in cross-validation. On the hold-out ${percent(interval.holdoutCoverage)} do.`,
    '## Limits\n\n- An estimate goes at most a tenth of the range of the examples beyond them.\n- A record that has nothing the examples had gets their median.\n- The score holds for inputs like the examples.',
  ];
  return cardText({ task, warnings, summary, sections });
}

function shown(value: number): string {
  return String(Number(value.toPrecision(4)));
}
