import type { Json } from '@loopwright/protocol';
import type { Field } from '../read/input-kind.ts';
import type { Estimator } from '../regression/estimators.ts';
import { headerSource } from './header-source.ts';
import { inputType } from './input-type.ts';
import { literal } from './literal.ts';
import { templateSource } from './template-source.ts';

/** What a program answers by. */
export interface RegressionProgram {
  readonly estimator: Estimator;
  /** The answer to a record that has nothing the examples had: their median. */
  readonly otherwise: number;
  readonly lowest: number;
  readonly highest: number;
  readonly decimals: number;
  readonly halfWidth: number;
  /** What people answered, by the cells as JSON. */
  readonly settled: ReadonlyMap<string, number>;
}

/** What the source is written from. */
export interface RegressionText {
  readonly task: { readonly programName: string; readonly taskDescription: string };
  readonly program: RegressionProgram;
  readonly fields: readonly Field[];
  readonly origin: readonly string[];
}

/** Writes the program of a regression. */
export function regressionSource({ task, program, fields, origin }: RegressionText): string {
  const { estimator, otherwise, lowest, highest, decimals, halfWidth, settled } = program;
  const bare =
    estimator.kind === 'sum'
      ? 'weightedSum(tableFeatures(cells, COLUMNS, false), WEIGHTS, BIAS)'
      : 'TREES.reduce<number>((sum, tree) => sum + treeEstimate(tree, cells), 0)';
  const columns = estimator.columns.map((column) => `  ${literal(column as unknown as Json)},`).join('\n');
  return [
    headerSource(task, origin),
    `/** What \`run\` takes. */\nexport type Input = ${inputType({ kind: 'table', fields })};\n\n/** What \`run\` answers. */\nexport type Output = number;
\n/** What \`judge\` answers. */
export interface Judgement {
  readonly output: Output;
  /** Between these lie about nine of ten true values. */
  readonly low: number;
  readonly high: number;
  /** Whether the record has nothing that the examples had. */
  readonly doubtful: boolean;
}`,
    `/** Estimates the number of a record. Throws a TypeError when the input is not of type Input. */
export function run(input: Input): Output {
  return judge(input).output;
}

/** Like run, with an interval. */
export function judge(input: Input): Judgement {
  const cells = readCells(input, COLUMNS);
${settled.size === 0 ? '' : '  const settled = SETTLED.get(JSON.stringify(cells));\n  if (settled !== undefined) return { output: settled, low: settled, high: settled, doubtful: false };\n'}  const doubtful = !knowsCells(cells, COLUMNS);
  const output = doubtful ? OTHERWISE : finishEstimate(${bare}, LOWEST, HIGHEST, DECIMALS);
  return { output, low: output - HALF_WIDTH, high: output + HALF_WIDTH, doubtful };
}`,
    ...['table-cells', ...(estimator.kind === 'sum' ? ['table-features'] : []), 'regression-model'].map(templateSource),
    `/** The answer to a record that has nothing the examples had: their median. */\nconst OTHERWISE = ${otherwise};\n/** Range and decimals of the examples. */\nconst LOWEST = ${lowest};\nconst HIGHEST = ${highest};\nconst DECIMALS = ${decimals};\n/** Half the width of the interval. */\nconst HALF_WIDTH = ${halfWidth};`,
    ...(settled.size === 0
      ? []
      : [
          `/** What people answered, by cells. */\nconst SETTLED = new Map<string, number>([\n${[...settled].map((pair) => `  ${literal([...pair])},`).join('\n')}\n]);`,
        ]),
    `const COLUMNS: readonly Column[] = [\n${columns}\n];`,
    ...modelSource(estimator),
  ]
    .join('\n\n')
    .concat('\n');
}

function modelSource(estimator: Estimator): string[] {
  if (estimator.kind === 'trees') {
    const trees = estimator.trees.map((tree) => `  ${literal(tree as unknown as Json)},`).join('\n');
    return [`/** Trees of questions; their estimates are added. */\nconst TREES: readonly EstimateTree[] = [\n${trees}\n];`];
  }
  const { weights, bias } = estimator.ridge;
  const rows = [...weights].map((pair) => `  ${literal([...pair])},`).join('\n');
  return [`/** What each feature adds. */\nconst WEIGHTS = new Map<string, number>([\n${rows}\n]);\nconst BIAS = ${bias};`];
}
