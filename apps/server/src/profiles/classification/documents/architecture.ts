import { INDUCTION_READ_CHARACTERS, type InductionCandidate } from '@loopwright/protocol';
import type { Baseline } from '../analysis/baselines.ts';
import type { SplitFacts } from '../facts.ts';
import type { TaskFacts } from '../intake/task.ts';
import { type DraftDocument, dataDocument } from './document.ts';
import { code, list, markdown, percent, plain, table } from './markdown.ts';
import { Sources } from './sources.ts';

/** What the design rests on. */
export interface DesignParts {
  readonly task: TaskFacts;
  readonly split: SplitFacts;
  readonly baselines: readonly Baseline[];
  readonly models: readonly InductionCandidate[];
  /** Characters of the training texts that are read; `null` for records. */
  readonly characters: number | null;
  /** Training texts by the script of most of their letters. */
  readonly scripts: readonly { readonly script: string; readonly count: number }[];
  /** Fields of records by type. */
  readonly fields: readonly { readonly name: string; readonly type: string }[];
}

/** `architecture.md`, `data_model.md` and `adrs.json`. */
export function architectureDocuments(parts: DesignParts): DraftDocument[] {
  return [
    { name: 'architecture.md', content: architecture(parts) },
    { name: 'data_model.md', content: dataModel(parts) },
    dataDocument('adrs.json', { adrs: decisions(parts), sources: { examples: parts.task.examples, train: parts.split.train } }),
  ];
}

/** Why a kind of model is tried, in terms of this data. */
const WHY: Readonly<Record<InductionCandidate['learner'], string>> = {
  'naive Bayes': 'learns in one pass and does well with few examples',
  'linear SVM': 'weighs features against each other, which naive Bayes cannot',
  'decision tree': 'finds conditions on several fields, and can be read by people',
};

function architecture({ task, split, models, characters, scripts, fields }: DesignParts): string {
  const sources = new Sources();
  const train = sources.cite('training part', split.train);
  const seen =
    characters === null
      ? `records of ${fields.length} fields`
      : `${characters} characters of text in ${scripts.map(({ script, count }) => `${script} (${count})`).join(', ')}`;
  return markdown(
    `Architecture: ${plain(task.program)}`,
    '## Overview\n\nOne function without dependencies, `run(input)`, with the learned numbers as a table in the same file. It is served in a sandbox that has no file, network or process access.',
    `## The data it is chosen for\n\n${split.counts.train} training examples of ${split.profile.classes} labels; ${seen} ${train}.`,
    `## Models that are compared\n\nEach is judged by cross-validation on the training part; the most accurate wins, of equals the one that stands first. The hold-out has no part in the choice.\n\n${table(
      ['model', 'looks at', 'why'],
      models.map(({ name, features, learner }) => [name, features, WHY[learner]]),
    )}`,
    ...(characters === null
      ? []
      : [
          `## How a text is read\n\n${list([`The first ${INDUCTION_READ_CHARACTERS} characters.`, 'Pieces of words need no list of words, so they also work for scripts that put no spaces between words.'])}`,
        ]),
    `## Parts\n\n${list(['`program.ts`: reading the input, its features, the table of weights, the answer.', '`program.test.ts`: a table of cases, which runs with Node alone.', '`MODEL_CARD.md`: data, choice, score and limits.'])}`,
    '## Failure\n\nAn input of the wrong shape throws. A run past the limits of time or memory is ended from outside and fails by itself.',
    sources.section(),
  );
}

function dataModel({ task, split, fields }: DesignParts): string {
  const sources = new Sources();
  const train = sources.cite('training part', split.train);
  const input =
    split.profile.kind === 'text'
      ? 'A text.'
      : `A record:\n\n${table(
          ['field', 'type'],
          fields.map(({ name, type }) => [code(name, 80), type]),
        )}`;
  return markdown(
    `Data model: ${plain(task.program)}`,
    `## Input\n\n${input} ${train}`,
    `## Output\n\nOne of these labels${task.unknown_label === null || split.labels.includes(task.unknown_label) ? '' : `, or ${code(task.unknown_label)} for the unknown`}: ${split.labels
      .slice(0, 100)
      .map((label) => code(label, 60))
      .join(', ')} ${train}.`,
    '## Records\n\nEach served request is recorded with its input, its answer and the digest of the version that gave it.',
    sources.section(),
  );
}

function decisions({ task, split, baselines, models, characters, scripts }: DesignParts): object[] {
  const majority = baselines.find(({ name }) => name === 'majority');
  const adr = (number: number, rest: object): object => ({
    id: `ADR-${String(number).padStart(3, '0')}`,
    status: 'accepted',
    ...rest,
  });
  const script = scripts[0]?.script;
  const kind = split.profile.kind === 'text' ? 'texts' : 'records';
  return [
    adr(1, {
      title: 'Learn from the examples, and ask no model provider',
      context: `${split.counts.train} labelled ${kind} of ${split.profile.classes} labels; always giving the most frequent label is right in ${percent(majority?.accuracy ?? 0)}`,
      decision: 'A small statistical model in a program without dependencies',
      alternatives: [
        {
          option: 'Ask a language model at each request',
          why_not: 'Costs money and time at each request, and its answers change with its versions',
        },
      ],
      consequences: ['The program knows what the examples show and nothing else'],
    }),
    adr(2, {
      title: `Compare ${models.length} models, the simplest first`,
      context:
        characters === null
          ? 'Records of fields: conditions and weights are both plausible'
          : `${characters} characters${script === undefined ? '' : `, mostly ${script}`}; ${models.some(({ features }) => features.includes('piece')) ? 'little enough to count pieces of words as well' : 'too much to count pieces of words'}`,
      decision: models.map(({ name }) => name).join('; '),
      alternatives: [
        { option: 'One model for all data', why_not: 'Which one is best depends on the data, and measuring it is cheap' },
      ],
      consequences: ['The choice is made by cross-validation on the training part only'],
    }),
    adr(3, {
      title: 'Judge on a hold-out that the generator never sees',
      context: `${split.counts.holdout} of ${split.counts.all} examples were split off by label before anything was learned, equal inputs on one side`,
      decision: `Seed ${task.seed}, share ${task.holdout}`,
      alternatives: [
        { option: 'Judge by cross-validation alone', why_not: 'The choice of the model would have seen every example' },
      ],
      consequences: ['The interval of the score depends on the size of the hold-out'],
    }),
    adr(4, {
      title: `Answer ${task.unknown_label ?? 'the most frequent label'} to the unknown`,
      context: task.unknown_source,
      decision: 'Unknown means that an input shares no feature with the examples',
      alternatives: [{ option: 'A threshold of confidence', why_not: 'The scores of these models are no probabilities' }],
      consequences: ['A doubtful input gets one of the labels'],
    }),
  ];
}
