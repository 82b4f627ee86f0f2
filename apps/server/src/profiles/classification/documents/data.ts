import type { JsonObject } from '@loopwright/protocol';
import type { DataFacts } from '../analysis/data-facts.ts';
import type { SplitFacts } from '../facts.ts';
import type { TaskFacts } from '../intake/task.ts';
import { type DraftDocument, dataDocument } from './document.ts';
import { code, list, markdown, percent, plain, table } from './markdown.ts';
import { Sources } from './sources.ts';

/** What the data phase writes from. */
export interface DataParts {
  readonly task: TaskFacts;
  readonly split: SplitFacts;
  readonly data: DataFacts;
}

/** `data_overview.md`, `schema.json`, `profile_report.md` and `profile.json`. */
export function dataDocuments(parts: DataParts): DraftDocument[] {
  return [
    { name: 'data_overview.md', content: overview(parts) },
    dataDocument('schema.json', schemaOf(parts)),
    { name: 'profile_report.md', content: report(parts) },
    dataDocument('profile.json', { ...parts.data, sources: sourcesOf(parts) }),
  ];
}

function sourcesOf({ task, split }: Pick<DataParts, 'task' | 'split'>): JsonObject {
  return { examples: task.examples, train: split.train, holdout: split.holdout };
}

function overview({ task, split, data }: DataParts): string {
  const sources = new Sources();
  const examples = sources.cite('labelled examples', task.examples);
  const [train, holdout] = [sources.cite('training part', split.train), sources.cite('hold-out', split.holdout)];
  return markdown(
    `Data: ${plain(task.program)}`,
    `${data.count} labelled examples were uploaded ${examples}. Nothing is known about where they come from beyond what they contain.`,
    `## Split\n\nStratified by label with the seed ${task.seed}; equal inputs are on one side.\n\n${table(
      ['part', 'examples', 'sha256'],
      [
        [`training ${train}`, String(split.counts.train), `\`${split.train}\``],
        [`hold-out ${holdout}`, String(split.counts.holdout), `\`${split.holdout}\``],
      ],
    )}`,
    `## Labels\n\n${table(
      ['label', 'examples', 'training', 'hold-out'],
      data.labels.map(({ label, count, train: t, holdout: h }) => [code(label, 60), String(count), String(t), String(h)]),
    )}`,
    `## What to look at\n\n${list(
      data.warnings.map((warning) => plain(warning)),
      'Nothing was found.',
    )}`,
    sources.section(),
  );
}

function report({ task, split, data }: DataParts): string {
  const sources = new Sources();
  const examples = sources.cite('labelled examples', task.examples);
  const { duplicates, conflicts, leakage } = data;
  const count = (value: number | null): string => (value === null ? 'not measured: the inputs are no texts' : String(value));
  const rows: [string, string][] = [
    ['examples', String(data.count)],
    ['kind of the inputs', data.kind],
    ['labels', String(data.classes)],
    ['most frequent label', percent(data.majority_share)],
    ['most over least frequent label', data.imbalance.toFixed(2)],
    ['repeated examples', String(duplicates.exact)],
    [
      'nearly repeated texts',
      `${count(duplicates.near)}${duplicates.near_compared !== null && duplicates.near_compared < data.count ? ` (of the first ${duplicates.near_compared})` : ''}`,
    ],
    ['equal inputs on both sides of the split', String(duplicates.exact_over_split)],
    ['hold-out texts that nearly repeat a training text', count(duplicates.near_over_split)],
    ['inputs with more than one label', String(conflicts.inputs)],
    ['nearly equal texts with different labels, pairs', count(conflicts.near_pairs)],
    ['texts with their own label as a word', count(leakage.label_in_text)],
    ['texts with another label as a word', count(leakage.other_label_in_text)],
    [
      'fields that give the label away',
      data.kind === 'tabular'
        ? leakage.fields.map((name) => code(name, 60)).join(', ') || 'none'
        : 'not measured: the inputs are no records',
    ],
    ['empty inputs', String(data.empty)],
    ['damaged texts', String(data.damaged)],
  ];
  return markdown(
    `Data profile: ${plain(task.program)}`,
    `All of it counted on the examples ${examples}, split into ${split.counts.train} and ${split.counts.holdout}.`,
    table(['', ''], rows),
    ...(data.length === null
      ? []
      : [
          `## Length of the texts, in UTF-16 code units\n\n${table(['least', 'median', '90 %', '99 %', 'most'], [[data.length.min, data.length.p50, data.length.p90, data.length.p99, data.length.max].map(String)])}`,
        ]),
    ...(data.scripts.length === 0
      ? []
      : [
          `## Script of most letters\n\n${table(
            ['script', 'texts'],
            data.scripts.map(({ script, count: n }) => [script, String(n)]),
          )}`,
        ]),
    ...(data.fields.length === 0
      ? []
      : [
          `## Fields\n\n${table(
            ['field', 'type', 'missing', 'distinct', 'label told by it alone'],
            data.fields.map((field) => [
              code(field.name, 60),
              field.type,
              String(field.missing),
              String(field.distinct),
              percent(field.tells_label),
            ]),
          )}`,
        ]),
    ...(conflicts.samples.length === 0
      ? []
      : [
          `## Nearly equal, with different labels\n\n${list(conflicts.samples.map(({ first, second }) => `${code(first.label, 40)}: ${plain(first.excerpt)} — ${code(second.label, 40)}: ${plain(second.excerpt)}`))}`,
        ]),
    sources.section(),
  );
}

function schemaOf({ split, data, task }: DataParts): object {
  const types = {
    number: ['number'],
    text: ['string'],
    boolean: ['boolean'],
    mixed: ['number', 'string', 'boolean'],
    empty: ['null'],
  } as const;
  const record = {
    type: 'object',
    properties: Object.fromEntries(
      data.fields.map(({ name, type, missing }) => [
        name,
        { type: [...types[type], ...(missing > 0 && type !== 'empty' ? ['null'] : [])] },
      ]),
    ),
    required: data.fields.filter(({ missing }) => missing === 0).map(({ name }) => name),
  };
  const input =
    data.kind === 'text'
      ? { description: 'A text, or a record with one text', type: ['string', 'object'] }
      : data.kind === 'tabular'
        ? record
        : {};
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `Labelled examples of ${task.program}`,
    type: 'object',
    properties: { input, output: { enum: split.labels } },
    required: ['input', 'output'],
    'x-sources': sourcesOf({ task, split }),
  };
}
