import type { Json } from '@loopwright/protocol';
import type { Question, Tree } from '../learn/decision-tree.ts';
import type { Model } from '../learn/model.ts';
import type { Column } from '../program/table-cells.ts';
import type { InputKind } from '../read/input-kind.ts';
import { headerSource } from './header-source.ts';
import { inputType } from './input-type.ts';
import { literal } from './literal.ts';
import { tablesSource } from './tables-source.ts';
import { templateSource } from './template-source.ts';

/** What the source says beside the model. */
export interface ProgramText {
  readonly programName: string;
  readonly taskDescription: string;
  readonly kind: InputKind;
  /** All answers: the labels, and last the label for unknown input when it is not one of them. */
  readonly answers: readonly (string | number | boolean)[];
  /** Answer to an input that has nothing the model knows. */
  readonly otherwise: string | number | boolean;
  /** Of the confidence, in units of the learned weights. */
  readonly temperature: number;
  /** Below this confidence an answer is doubtful. */
  readonly threshold: number;
  /** Whether a doubtful input gets the answer `otherwise`. */
  readonly abstains: boolean;
  /** Inputs that a person has answered. */
  readonly settled: readonly SettledInput[];
  /** Sentences about origin and score. */
  readonly origin: readonly string[];
}

/** An input that a person has answered; `key` is the text, or the cells as JSON. */
export interface SettledInput {
  readonly input: Json;
  readonly key: string;
  readonly output: string | number | boolean;
}

/**
 * Writes the program: a header, `run`, the functions that the training used too (their files are copied, so that they
 * cannot drift apart), and the tables.
 */
export function programSource(model: Model, text: ProgramText): string {
  return [
    headerSource(text, text.origin),
    `/** What \`run\` takes. */\nexport type Input = ${inputType(text.kind)};\n\n/** What \`run\` answers. */\nexport type Output = ${text.answers.map(literal).join(' | ')};`,
    JUDGEMENT,
    runSource(text),
    judgeSource(model, text),
    ...(model.kind === 'text' ? [readTextSource(model.field)] : []),
    ...(model.kind === 'tree' ? [treeSource(model.tree, model.columns)] : []),
    ...templates(model).map(templateSource),
    ...tablesSource(model, text),
  ]
    .join('\n\n')
    .concat('\n');
}

const JUDGEMENT = `/** What \`judge\` answers. */
export interface Judgement {
  /** What \`run\` answers. */
  readonly output: Output;
  /** From 0 to 1: about this share of the answers with such a confidence is right. 0: the input has nothing the examples had. */
  readonly confidence: number;
  /** Whether the confidence is below the threshold that was chosen on examples not trained with. */
  readonly doubtful: boolean;
}`;

function runSource({ kind }: ProgramText): string {
  return `/** Tells which label a ${kind.kind === 'text' ? 'text' : 'record'} has. Throws a TypeError when the input is not of type Input. */
export function run(input: Input): Output {
  return judge(input).output;
}`;
}

function judgeSource(model: Model, { settled, abstains }: ProgramText): string {
  const read = model.kind === 'text' ? 'const text = readText(input);' : 'const cells = readCells(input, COLUMNS);';
  const key = model.kind === 'text' ? 'text' : 'JSON.stringify(cells)';
  const lookUp =
    settled.length === 0
      ? ''
      : `  const settled = SETTLED.get(${key});
  if (settled !== undefined) return { output: settled, confidence: 1, doubtful: false };
`;
  return `/** Like run, with how sure the answer is. */
export function judge(input: Input): Judgement {
  ${read}
${lookUp}${scoreSource(model)}
  const doubtful = confidence < THRESHOLD;
  return { output: ${abstains ? 'doubtful ? OTHERWISE : ' : ''}LABELS[place] ?? OTHERWISE, confidence, doubtful };
}`;
}

/** Works out `place` and `confidence`. */
function scoreSource(model: Model): string {
  const unknown = 'return { output: OTHERWISE, confidence: 0, doubtful: true };';
  if (model.kind === 'tree') {
    return `  if (!knowsCells(cells, COLUMNS)) ${unknown}
  const [place, confidence] = decide(cells);`;
  }
  const features =
    model.kind === 'text'
      ? `  const features = textFeatures(text, SETTINGS);
  if (!knowsText(features, WEIGHTS)) ${unknown}`
      : `  if (!knowsCells(cells, COLUMNS)) ${unknown}
  const features = tableFeatures(cells, COLUMNS, ${model.bins});`;
  return `${features}
  const scores = linearScores(features, WEIGHTS, SCORE);
  const place = highest(scores);
  const confidence = confidenceOf(scores, place, TEMPERATURE);`;
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
  return `/** The tree: the place of the label, and the share of the examples that came here which have it. The comments count them. */\nfunction decide(cells: readonly Cell[]): readonly [place: number, share: number] {\n${cells.join('')}${body}}`;
}

function branchSource(tree: Tree, at: { names: readonly string[]; used: Set<number>; indent: string }): string {
  if ('label' in tree) return `${at.indent}return [${tree.label}, ${tree.share}]; // ${tree.n}\n`;
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
  if (model.kind === 'tree') return ['table-cells'];
  const packed = model.linear.tables.kind === 'packed' ? ['packed-weights'] : [];
  const features = model.kind === 'text' ? ['text-features'] : ['table-cells', 'table-features'];
  return [...features, 'linear-model', ...packed];
}
