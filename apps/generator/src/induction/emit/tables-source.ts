import type { Json } from '@loopwright/protocol';
import type { LinearPart, Model, WeightTables } from '../learn/model.ts';
import { literal } from './literal.ts';
import type { ProgramText } from './program-source.ts';

/** Longest line of a table, in characters. */
const LINE = 120;

/** Writes the constants of a program: labels, settings, thresholds and weights. */
export function tablesSource(model: Model, { answers, otherwise, temperature, threshold, settled }: ProgramText): string[] {
  const labels = `/** The labels; scores and tables have the same order. */\nconst LABELS: readonly Output[] = ${literal([...answers])};\n
/** The answer to an input that has nothing the examples had. */\nconst OTHERWISE: Output = ${literal(otherwise)};\n
/** Below this confidence an answer is doubtful. */\nconst THRESHOLD = ${threshold};`;
  const decided =
    settled.length === 0
      ? []
      : [
          `/** What people answered, by ${model.kind === 'text' ? 'text' : 'cells'}. */\nconst SETTLED = new Map<string, Output>([\n${settled.map(({ key, output }) => `  [${literal(key)}, ${literal(output)}],`).join('\n')}\n]);`,
        ];
  const settings =
    model.kind === 'text'
      ? `const SETTINGS: TextSettings = ${literal({ ...model.settings })};`
      : `const COLUMNS: readonly Column[] = [\n${model.columns.map((column) => `  ${literal(column as unknown as Json)},`).join('\n')}\n];`;
  if (model.kind === 'tree') return [labels, ...decided, settings];
  return [labels, ...decided, settings, ...linearTables(model.linear, answers, temperature)];
}

function linearTables({ score, tables, scale }: LinearPart, answers: ProgramText['answers'], temperature: number): string[] {
  return [
    `const SCORE: ScoreSettings = ${literal({ bias: [...score.bias], dampen: score.dampen, normalise: score.normalise })};`,
    `/** Of the confidence, see confidenceOf. */\nconst TEMPERATURE = ${temperature * scale};`,
    ...(tables.kind === 'readable' ? readableTables(tables, answers) : packedTables(tables)),
  ];
}

function readableTables({ evidence }: WeightTables & { kind: 'readable' }, answers: ProgramText['answers']): string[] {
  const classes = evidence.map((entries, place) => {
    const lines = entries.flatMap(([weight, features]) => wrap(features).map((part) => `    [${weight}, ${literal(part)}],`));
    return `  [\n    // ${literal(answers[place] ?? null)}\n${lines.join('\n')}${lines.length === 0 ? '' : '\n'}  ],`;
  });
  return [
    `/** For each label the features that speak for it (weight above 0) or against it. */\nconst EVIDENCE: readonly ClassEvidence[] = [\n${classes.join('\n')}\n];`,
    'const WEIGHTS: Weights = readWeights(EVIDENCE);',
  ];
}

function packedTables({ lines, largest }: WeightTables & { kind: 'packed' }): string[] {
  return [
    `/** Features and their codes in turn: for which labels they speak and how much, see readPackedWeights. */\nconst PACKED: readonly string[] = [\n${lines.map((line) => `  ${literal(line)},`).join('\n')}\n];`,
    `const WEIGHTS: Weights = readPackedWeights(PACKED, ${largest});`,
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
