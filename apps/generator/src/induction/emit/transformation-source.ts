import type { Json } from '@loopwright/protocol';
import type { FieldRecipe } from '../program/make-fields.ts';
import type { Abstention } from '../select/calibrate.ts';
import type { TransformedField } from '../transformation/transformation-report.ts';
import { headerSource } from './header-source.ts';
import { literal } from './literal.ts';
import { templateSource } from './template-source.ts';

/** What the source is written from. */
export interface TransformationText {
  readonly task: { readonly programName: string; readonly taskDescription: string; readonly unknownLabel: string | null };
  readonly fields: readonly FieldRecipe[];
  readonly recipes: readonly TransformedField[];
  /** Members of the input that are read; `null` for a bare text. */
  readonly sources: readonly string[] | null;
  readonly abstention: Abstention;
  readonly origin: readonly string[];
}

/** Writes the program of a transformation: a header with the recipes in words, `run`, the interpreter of recipes, and the recipes. */
export function transformationSource({ task, fields, recipes, sources, abstention, origin }: TransformationText): string {
  const inWords = recipes.flatMap(({ name, recipe }) =>
    recipe.map((way, at) => `${name === null ? 'output' : JSON.stringify(name)}, ${at === 0 ? '' : 'otherwise '}${way}`),
  );
  const fallback = task.unknownLabel;
  return [
    headerSource(task, origin, inWords),
    typesSource(fields, sources, fallback),
    `/** Makes the output. Throws a TypeError when the input is not of type Input. */
export function run(input: Input): Output {
  return judge(input).output;
}

/** Like run, with how sure the output is. */
export function judge(input: Input): Judgement {
  const matches = openMatches(readTexts(input, SOURCES));
  const made = FIELDS.map((field) => makeField(field, matches));
  const confidence = Math.min(...made.map((field) => field.confidence));
  const doubtful = confidence === 0 || confidence < THRESHOLD;
  return { output: ${fallback === null ? '' : 'doubtful ? OTHERWISE : '}outputOf(made), confidence, doubtful };
}`,
    outputSource(fields),
    ...['read-texts', 'make-fields', 'transform-text', 'change-text'].map(templateSource),
    `/** Members of the input that are read; null: the input is the text. */\nconst SOURCES: readonly string[] | null = ${literal(sources === null ? null : [...sources])};`,
    `/** Below this confidence an output is doubtful. */\nconst THRESHOLD = ${abstention.threshold};`,
    ...(fallback === null ? [] : [`/** The output to a doubtful input. */\nconst OTHERWISE = ${literal(fallback)};`]),
    `/** How each field is made. */\nconst FIELDS: readonly FieldRecipe[] = [\n${fields.map(fieldSource).join('\n')}\n];`,
  ]
    .join('\n\n')
    .concat('\n');
}

function typesSource(fields: readonly FieldRecipe[], sources: readonly string[] | null, fallback: string | null): string {
  const input =
    sources === null
      ? 'string'
      : `{\n${sources.map((name) => `  readonly ${literal(name)}?: string | number | boolean | null;`).join('\n')}\n}`;
  const types = (field: FieldRecipe): string => `${field.isNumber ? 'number' : 'string'} | null`;
  const [only] = fields;
  const output =
    only?.name === null
      ? `${types(only)}${fallback === null ? '' : ' | string'}`
      : `{\n${fields.map((field) => `  readonly ${literal(field.name)}: ${types(field)};`).join('\n')}\n}${fallback === null ? '' : ' | string'}`;
  return `/** What \`run\` takes. */\nexport type Input = ${input};\n\n/** What \`run\` makes. */\nexport type Output = ${output};\n
/** What \`judge\` answers. */
export interface Judgement {
  /** What \`run\` makes. */
  readonly output: Output;
  /** From 0 to 1: the share of the recipes fitting the examples that agree on the output. 0: something was not found. */
  readonly confidence: number;
  /** Whether something was not found, or the confidence is below the threshold that was chosen on examples kept aside. */
  readonly doubtful: boolean;
}`;
}

function outputSource(fields: readonly FieldRecipe[]): string {
  const cast = 'as unknown as Output';
  const body =
    fields[0]?.name === null
      ? `return (made[0]?.value ?? null) ${cast};`
      : `return Object.fromEntries(made.map(({ name, value }) => [name ?? '', value])) ${cast};`;
  return `/** The fields as one output. */\nfunction outputOf(made: readonly MadeField[]): Output {\n  ${body}\n}`;
}

function fieldSource({ recipes, ...field }: FieldRecipe): string {
  const ways = recipes.map(
    (recipe) => `      [\n${recipe.map((parts) => `        ${literal(parts as unknown as Json)},`).join('\n')}\n      ],`,
  );
  const rest = literal(field).slice(1, -1);
  return `  {\n    ${rest},\n    "recipes": [\n${ways.join('\n')}\n    ],\n  },`;
}
