import { readFileSync } from 'node:fs';
import type { Json } from '@loopwright/protocol';
import type { Question, Tree } from '../learn/decision-tree.ts';
import type { LinearPart, Model } from '../learn/model.ts';
import type { Column } from '../program/table-cells.ts';
import type { InputKind } from '../read/input-kind.ts';
import { commentText, literal } from './literal.ts';

/** What the source says beside the model. */
export interface ProgramText {
  readonly programName: string;
  readonly taskDescription: string;
  readonly kind: InputKind;
  /** All answers: the labels, and last the label for unknown input when it is not one of them. */
  readonly answers: readonly (string | number | boolean)[];
  /** Answer to an input that has nothing the model knows. */
  readonly otherwise: string | number | boolean;
  /** Sentences about origin and score. */
  readonly origin: readonly string[];
}

/** Longest line of a table, in characters. */
const LINE = 120;

/**
 * Writes the program: a header, `run`, the functions that the training used too (their files are copied, so that they
 * cannot drift apart), and the tables.
 */
export function programSource(model: Model, text: ProgramText): string {
  const header = [
    `${text.programName}: ${commentText(text.taskDescription)}`,
    ...text.origin.map((line) => commentText(line, 400)),
    'Nothing is imported, nothing is kept between two calls, nothing outside is touched.',
  ];
  return [
    header.map((line) => `// ${line}`).join('\n'),
    `/** What \`run\` takes. */\nexport type Input = ${inputType(text.kind)};\n\n/** What \`run\` answers. */\nexport type Output = ${text.answers.map(literal).join(' | ')};`,
    runSource(model),
    ...templates(model).map(templateSource),
    ...tables(model, text),
  ]
    .join('\n\n')
    .concat('\n');
}

function inputType(kind: InputKind): string {
  if (kind.kind === 'text') return kind.field === null ? 'string' : `{ readonly ${literal(kind.field)}: string }`;
  const members = kind.fields.map((field) => {
    const type = field.kind === 'category' ? 'string' : field.kind;
    return `  readonly ${literal(field.name)}${field.always ? `: ${type}` : `?: ${type} | null`};`;
  });
  return `{\n${members.join('\n')}\n}`;
}

function runSource(model: Model): string {
  if (model.kind === 'text') {
    return `/** Tells which label a text has. Throws a TypeError when the input is not of type Input. */
export function run(input: Input): Output {
  const features = textFeatures(readText(input), SETTINGS);
  if (!knowsText(features, WEIGHTS)) return OTHERWISE;
  return LABELS[highest(linearScores(features, WEIGHTS, SCORE))] ?? OTHERWISE;
}

${readTextSource(model.field)}`;
  }
  const answer =
    model.kind === 'tree'
      ? 'LABELS[decide(cells)] ?? OTHERWISE'
      : `LABELS[highest(linearScores(tableFeatures(cells, COLUMNS, ${model.bins}), WEIGHTS, SCORE))] ?? OTHERWISE`;
  const start = `/** Tells which label a record has. Throws a TypeError when the input is not of type Input. */
export function run(input: Input): Output {
  const cells = readCells(input, COLUMNS);
  if (!knowsCells(cells, COLUMNS)) return OTHERWISE;
  return ${answer};
}`;
  return model.kind === 'tree' ? `${start}\n\n${treeSource(model.tree, model.columns)}` : start;
}

function readTextSource(field: string | null): string {
  if (field === null) {
    return `/** The input itself. */
function readText(input: unknown): string {
  if (typeof input !== 'string') throw new TypeError('Cannot read the input: not a string');
  return input;
}`;
  }
  const name = literal(field);
  return `/** The one member of the input that counts. */
function readText(input: unknown): string {
  if (typeof input !== 'object' || input === null) throw new TypeError('Cannot read the input: not an object');
  const text: unknown = new Map<string, unknown>(Object.entries(input)).get(${name});
  if (typeof text !== 'string') throw new TypeError(${literal(`Cannot read ${JSON.stringify(field)} of the input: not a string`)});
  return text;
}`;
}

function treeSource(tree: Tree, columns: readonly Column[]): string {
  const names = columns.map(
    ({ name }, place) => `${name.replaceAll(/[^A-Za-z0-9]+/gu, '_').replace(/^(?=\d)|^$/u, 'cell')}_${place + 1}`,
  );
  const used = new Set<number>();
  const body = branchSource(tree, { names, used, indent: '  ' });
  const cells = [...used].sort((a, b) => a - b).map((place) => `  const ${names[place]} = cells[${place}] ?? null;\n`);
  return `/** The tree: the place of the label. The comments count the examples that came here. */\nfunction decide(cells: readonly Cell[]): number {\n${cells.join('')}${body}}`;
}

function branchSource(tree: Tree, at: { names: readonly string[]; used: Set<number>; indent: string }): string {
  if ('label' in tree) return `${at.indent}return ${tree.label}; // ${tree.n}\n`;
  at.used.add(tree.question.column);
  const yes = branchSource(tree.yes, { ...at, indent: `${at.indent}  ` });
  return `${at.indent}if (${questionSource(tree.question, at.names)}) {\n${yes}${at.indent}}\n${branchSource(tree.no, at)}`;
}

function questionSource(question: Question, names: readonly string[]): string {
  const name = names[question.column] ?? '';
  if (question.kind === 'empty') return `${name} === null`;
  if (question.kind === 'is') return `${name} === ${literal(question.value)}`;
  return `typeof ${name} === 'number' && ${name} <= ${question.value}`;
}

function templates(model: Model): string[] {
  if (model.kind === 'text') return ['text-features', 'linear-model'];
  return model.kind === 'tree' ? ['table-cells'] : ['table-cells', 'table-features', 'linear-model'];
}

/** The text of a file of `program/` without its imports and exports. It runs as `.js` after a build and is then copied as such. */
function templateSource(name: string): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const source = readFileSync(new URL(`../program/${name}.${extension}`, import.meta.url), 'utf8');
  return source
    .replaceAll(/^import .*;\n+/gmu, '')
    .replaceAll(/^export (?=function|interface|type)/gmu, '')
    .replaceAll(/^\/\/# sourceMappingURL.*$/gmu, '')
    .trim();
}

function tables(model: Model, { answers, otherwise }: ProgramText): string[] {
  const labels = `/** The labels; scores and tables have the same order. */\nconst LABELS: readonly Output[] = ${literal([...answers])};\n
/** The answer to an input that has nothing the examples had. */\nconst OTHERWISE: Output = ${literal(otherwise)};`;
  const settings =
    model.kind === 'text'
      ? [`const SETTINGS: TextSettings = ${literal({ ...model.settings })};`]
      : [
          `const COLUMNS: readonly Column[] = [\n${model.columns.map((column) => `  ${literal(column as unknown as Json)},`).join('\n')}\n];`,
        ];
  if (model.kind === 'tree') return [labels, ...settings];
  return [labels, ...settings, ...linearTables(model.linear, answers)];
}

function linearTables({ score, evidence }: LinearPart, answers: ProgramText['answers']): string[] {
  const classes = evidence.map((entries, place) => {
    const lines = entries.flatMap(([weight, features]) => wrap(features).map((part) => `    [${weight}, ${literal(part)}],`));
    return `  [\n    // ${literal(answers[place] ?? null)}\n${lines.join('\n')}${lines.length === 0 ? '' : '\n'}  ],`;
  });
  return [
    `const SCORE: ScoreSettings = ${literal({ bias: [...score.bias], dampen: score.dampen, normalise: score.normalise })};`,
    `/** For each label the features that speak for it (weight above 0) or against it. */\nconst EVIDENCE: readonly ClassEvidence[] = [\n${classes.join('\n')}\n];`,
    'const WEIGHTS: Weights = readWeights(EVIDENCE);',
  ];
}

/** Cuts a list of features into lines. */
function wrap(features: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const feature of features.split(' ')) {
    if (line !== '' && line.length + feature.length >= LINE) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? feature : `${line} ${feature}`;
  }
  return [...lines, line];
}
