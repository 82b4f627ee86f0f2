import { percent } from '../report.ts';
import type { TransformationReport } from '../transformation/transformation-report.ts';
import { LIMITS } from '../limits.ts';
import { cardText } from './card-text.ts';
import { markdownText } from './literal.ts';

/** What the card is written from. */
export interface TransformationCard {
  readonly task: { readonly programName: string; readonly taskDescription: string };
  readonly report: TransformationReport;
  readonly warnings: readonly string[];
  readonly date: string;
}

/** Writes the `MODEL_CARD.md` of a transformation. */
export function transformationCard({ task, report, warnings, date }: TransformationCard): string {
  const { holdout, examples, ambiguity, confidence } = report;
  const rows = report.fields.map(({ name, recipe, rivals, trainingAccuracy, holdoutAccuracy }) => {
    const words = recipe.map((way) => markdownText(way, 600)).join('; otherwise ');
    return `| ${name === null ? 'output' : markdownText(name, 60)} | ${words} | ${rivals} | ${percent(trainingAccuracy)} | ${percent(holdoutAccuracy)} |`;
  });
  const open =
    ambiguity.questions.length === 0
      ? 'No input was found on which recipes that fit the examples differ.'
      : ambiguity.questions
          .map(
            ({ input, answers }) =>
              `- ${markdownText(JSON.stringify(input), 200)}: ${[...new Set(answers.map(({ output }) => JSON.stringify(output)))].map((output) => markdownText(output, 100)).join(' or ')}?`,
          )
          .join('\n');
  const summary = [
    `A program that makes its output from pieces of the input, found by a search by the induction agent of Loopwright on ${date}. No model provider was asked.`,
    `Score: **${percent(holdout.accuracy)}** of ${holdout.n} held-out examples (95 % Wilson interval ${percent(holdout.low)} to ${percent(holdout.high)}). Always giving the most frequent output: ${percent(report.baseline)}.`,
  ];
  const sections = [
    `## Data and split\n\n- ${examples.given} examples were given, ${examples.clarified} answers of people to earlier questions; ${examples.duplicates} repeated ones and ${examples.conflicts} with contradictory outputs were left out.\n- ${holdout.n} were held out (at random, seed ${report.seed}); ${examples.training} were searched and checked on.`,
    `## Recipes\n\n| field | recipe | others that fit | right in training | right in the hold-out |\n|---|---|---|---|---|\n${rows.join('\n')}`,
    `## Confidence\n\n\`judge\` gives an output with a confidence: the share of the recipes fitting every example that agree on it. Below ${confidence.threshold}, chosen on ${confidence.validation.n} examples kept aside, an output is doubtful${confidence.isApplied ? ' and the program gives the label for unknown input' : ''}.`,
    `## What the examples leave open\n\n${open}`,
    `## Limits\n\n- Only the first ${LIMITS.readCharacters} characters of a text are read.\n- What cannot be found becomes null, or what the examples have in such a case.\n- The score holds for inputs like the examples.`,
  ];
  return cardText({ task, warnings, summary, sections });
}
