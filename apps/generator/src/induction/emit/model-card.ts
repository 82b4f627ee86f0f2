import type { Model } from '../learn/model.ts';
import { LIMITS } from '../limits.ts';
import { type InductionReport, percent } from '../report.ts';
import type { Score } from '../score/confusion.ts';
import { cardText } from './card-text.ts';
import { markdownText } from './literal.ts';

/** What the card is written from. */
export interface CardFacts {
  readonly task: { readonly programName: string; readonly taskDescription: string; readonly unknownLabel: string | null };
  readonly model: Model;
  readonly report: InductionReport;
  readonly score: Score;
  readonly warnings: readonly string[];
  readonly date: string;
}

/** Labels up to which the whole confusion table is shown; above it only the worst pairs. */
const MAX_TABLE = 20;

/** Writes `MODEL_CARD.md`: what the program is, from which data, how it was chosen, how good it is, where it ends. */
export function modelCard(facts: CardFacts): string {
  const { task, report, warnings, date } = facts;
  const { holdout, examples } = report;
  const summary = [
    `A program that gives one of ${report.labels.length} labels to ${report.kind === 'text' ? 'a text' : 'a record'}, learned from examples by the induction agent of Loopwright on ${date}. It is statistics over what the examples contain, not understanding. No model provider was asked.`,
    `Score: **${percent(holdout.accuracy)}** of ${holdout.n} held-out examples (95 % Wilson interval ${percent(holdout.low)} to ${percent(holdout.high)}). Always giving the most frequent label: ${percent(report.baseline)}.`,
  ];
  const sections = [
    `## Data and split\n\n- ${examples.given} examples were given; ${examples.duplicates} repeated ones and ${examples.conflicts} with contradictory labels were left out.\n- ${holdout.n} were held out (stratified, seed ${report.seed}); inputs that differ in case, digits or white space only are on the same side.\n- ${examples.training} were used for choice and training. The program is trained on these only, so the score is that of this very program.`,
    `## Choice of the model\n\nCross-validation on the training part; the highest accuracy wins, of equals the simpler one.\n\n| model | accuracy | 95 % interval | mean recall |\n|---|---|---|---|\n${candidateRows(report)}`,
    `Chosen: ${report.model}${modelText(facts.model, report.features)}`,
    confidenceSection(report),
    `## Score by label\n\n| label | held-out | precision | recall |\n|---|---|---|---|\n${report.classes.map(({ label, n, precision, recall }) => `| ${cell(label)} | ${n} | ${share(precision)} | ${share(recall)} |`).join('\n')}`,
    confusionSection(facts),
    `## Limits\n\n${limitsOf(facts)
      .map((line) => `- ${line}`)
      .join('\n')}`,
  ];
  return cardText({ task, warnings, summary, sections });
}

function confidenceSection({ confidence, ambiguity }: InductionReport): string {
  const { threshold, criterion, validation, holdout, calibrationError, isApplied } = confidence;
  const why =
    criterion === 'precision_target'
      ? 'the lowest at which the asked share of the answers is right'
      : 'the highest that gives up at most one right answer in two hundred';
  const effect = isApplied
    ? 'Below it the program gives the label for unknown input.'
    : '`judge` calls answers below it doubtful; `run` gives them all the same.';
  const compared =
    ambiguity.disagreement === null
      ? ''
      : ` The two best candidates disagree on ${percent(ambiguity.disagreement)} of ${ambiguity.compared} inputs that they were not trained with.`;
  return `## Confidence\n\n\`judge\` gives an answer with a confidence from 0 to 1. On the hold-out it differs from the share of right answers by ${percent(calibrationError)} on average. The threshold is ${threshold}: on ${validation.n} validation answers ${why}. ${effect} On the hold-out ${percent(holdout.answered)} of the answers reach it, and of these ${share(holdout.precision)} are right.${compared}`;
}

function candidateRows({ crossValidation }: InductionReport): string {
  return crossValidation
    .map(
      ({ model, accuracy, low, high, balanced }) =>
        `| ${model} | ${percent(accuracy)} | ${percent(low)} to ${percent(high)} | ${percent(balanced)} |`,
    )
    .join('\n');
}

function modelText(model: Model, features: number): string {
  if (model.kind === 'tree') return `, ${features} questions.`;
  return `, ${features} features in its tables. Weights are rounded and the least important ones dropped; the score is that of the rounded model.`;
}

function confusionSection({ report, score }: CardFacts): string {
  const { labels } = report;
  if (labels.length <= MAX_TABLE) {
    const rows = score.confusion.map((row, label) => `| ${cell(labels[label])} | ${row.join(' | ')} |`);
    return `## Confusion\n\nRows: true label; columns: answer.\n\n| | ${labels.map(cell).join(' | ')} |\n|---|${'---|'.repeat(labels.length)}\n${rows.join('\n')}`;
  }
  const pairs = score.confusion.flatMap((row, label) => row.map((count, answer) => ({ label, answer, count })));
  const worst = pairs
    .filter(({ label, answer, count }) => label !== answer && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, MAX_TABLE);
  if (worst.length === 0) return '## Confusion\n\nNo held-out example was answered wrongly.';
  const rows = worst.map(({ label, answer, count }) => `| ${cell(labels[label])} | ${cell(labels[answer])} | ${count} |`);
  return `## Confusion: the worst pairs\n\n| true label | answer | examples |\n|---|---|---|\n${rows.join('\n')}`;
}

function limitsOf({ task, model, report }: CardFacts): string[] {
  const unknown = task.unknownLabel === null ? 'the most frequent label' : `the label ${cell(task.unknownLabel)}`;
  const common = [
    `An input that has nothing in common with the examples gets ${unknown}${task.unknownLabel === null ? '' : ', and so does one that the program is too unsure of'}. An input of another topic that shares features with the examples may still get one of the labels.`,
    'The score holds for inputs like the examples. It says nothing about inputs from another time, source or language.',
  ];
  if (model.kind === 'text') return [...common, `Only the first ${LIMITS.readCharacters} characters of a text are read.`];
  const dropped = model.columns
    .filter((column) => column.kind === 'category' && column.values.length === 0)
    .map((column) => cell(column.name));
  return [
    ...common,
    `At most ${LIMITS.maxCategories} values of a category are known to the program, those that the training part has most often; members that the examples did not have are ignored.`,
    ...(dropped.length > 0
      ? [`Fields whose values hardly repeat, and which therefore say nothing: ${dropped.slice(0, 20).join(', ')}.`]
      : []),
    ...(report.kind === 'table' ? ['An absent member counts as empty.'] : []),
  ];
}

function cell(value: string | number | boolean | undefined): string {
  return markdownText(JSON.stringify(value) ?? '', 60);
}

function share(value: number | null): string {
  return value === null ? '–' : percent(value);
}
