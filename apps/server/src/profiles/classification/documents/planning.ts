import type { Baseline } from '../analysis/baselines.ts';
import type { Criterion, SplitFacts } from '../facts.ts';
import type { TaskFacts } from '../intake/task.ts';
import { type DraftDocument, dataDocument } from './document.ts';
import { code, list, markdown, percentWithin, plain, table } from './markdown.ts';
import { Sources } from './sources.ts';

/** What the plan is written from. */
export interface PlanParts {
  readonly task: TaskFacts;
  readonly split: SplitFacts;
  readonly baselines: readonly Baseline[];
  readonly criteria: readonly Criterion[];
}

/** `PRD.md`, `requirements.md` and `features.json`. */
export function planningDocuments(parts: PlanParts): DraftDocument[] {
  return [
    { name: 'PRD.md', content: prd(parts) },
    { name: 'requirements.md', content: requirements(parts) },
    dataDocument('features.json', features(parts)),
  ];
}

function prd({ task, split, baselines, criteria }: PlanParts): string {
  const sources = new Sources();
  const examples = sources.cite('labelled examples', task.examples);
  const train = sources.cite('training part', split.train);
  const { counts, labels, profile } = split;
  return markdown(
    `Product requirements: ${plain(task.program)}`,
    `## Goal\n\n${plain(task.task_description, 4000)}\n\nThe program \`${task.program}\` takes one ${profile.kind === 'text' ? 'text' : 'record'} and answers with one of ${profile.classes} labels: ${labels
      .slice(0, 30)
      .map((label) => code(label, 60))
      .join(', ')} ${examples}.`,
    `## What there is\n\n${counts.all} labelled examples ${examples}. ${counts.holdout} of them are held out and judge the result; the program is learned from the other ${counts.train} ${train}.`,
    `## What needs no learning\n\nWhatever is made must beat these, cross-validated on the training part ${train}:\n\n${table(
      ['baseline', 'rule', 'accuracy'],
      baselines.map((baseline) => [baseline.name, plain(baseline.rule), percentWithin(baseline)]),
    )}`,
    `## Success\n\n${table(
      ['', 'criterion', 'said by'],
      criteria.map(({ id, title, source }) => [id, plain(title), plain(source, 400)]),
    )}`,
    `## Not part of it\n\n${list(['Understanding beyond what the examples show', 'Inputs of another kind, language or time than the examples', 'Answers with more than one label'])}`,
    `## Open questions\n\n${list(openOf(task), 'None: everything that was asked was answered.')}`,
    sources.section(),
  );
}

function requirements({ task, split, criteria }: PlanParts): string {
  const sources = new Sources();
  const holdout = sources.cite('hold-out', split.holdout);
  const demands = task.constraints.filter(({ kind }) => kind === 'no_network');
  const unknown = task.unknown_label === null ? 'the most frequent label' : code(task.unknown_label);
  return markdown(
    `Requirements: ${plain(task.program)}`,
    `## Functional\n\n${list([
      `R-1: \`run(input)\` gives exactly one label for every input of the shape of the examples.`,
      `R-2: An input that has nothing in common with the examples gets ${unknown} (${plain(task.unknown_source, 400)}).`,
      'R-3: An input of another shape is refused with an error that says what is wrong.',
      ...demands.map(({ quote }) => `R-4: It works without a network: the sandbox gives it none (intake: “${plain(quote)}”).`),
    ])}`,
    `## Quality\n\n${table(
      ['', 'criterion', 'judged on', 'said by'],
      criteria.map(({ id, title, metric, source }) => [id, plain(title), judgedOn(metric, holdout), plain(source, 400)]),
    )}`,
    ...(task.worst_missed === null
      ? []
      : [
          `## The worst mistake\n\nThe label ${code(task.worst_missed)} must not be missed: its recall is reported by itself. No least value was demanded.`,
        ]),
    `## Said, but not understood\n\nSentences of the intake with figures that no check covers:\n\n${list(task.unread.map((quote) => `“${plain(quote)}”`))}`,
    `## Open questions\n\n${list(openOf(task))}`,
    sources.section(),
  );
}

function judgedOn(metric: Criterion['metric'], holdout: string): string {
  if (metric === 'latency_ms') return `the 99th percentile of the runs on the hold-out ${holdout}`;
  return metric === 'size_bytes' ? 'the file' : `the hold-out ${holdout}`;
}

function openOf(task: TaskFacts): string[] {
  return task.open_questions.map(({ id, text }) => `${id}: ${plain(text)} Nobody has said.`);
}

function features({ task, split, baselines, criteria }: PlanParts): object {
  return {
    program: task.program,
    features: [
      {
        id: 'F-1',
        title: 'Classify',
        description: task.task_description,
        priority: 'must',
        acceptance: criteria.map(({ id }) => id),
      },
      {
        id: 'F-2',
        title: 'Say what is unknown',
        description: `Answer with ${task.unknown_label ?? 'the most frequent label'} to an input that has nothing in common with the examples`,
        priority: 'must',
        acceptance: ['R-2'],
      },
      {
        id: 'F-3',
        title: 'Refuse what is no input',
        description: 'Throw an error that says what is wrong with the shape of the input',
        priority: 'must',
        acceptance: ['R-3'],
      },
    ],
    criteria,
    constraints: task.constraints,
    baselines,
    labels: split.labels,
    open_questions: task.open_questions,
    not_understood: task.unread,
    sources: { examples: task.examples, train: split.train, holdout: split.holdout },
  };
}
