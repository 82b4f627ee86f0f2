import {
  type Json,
  type JsonObject,
  type LabelledExample,
  type Random,
  canonicalJson,
  isoTime,
  seededRandom,
  wilsonInterval,
} from '@loopwright/protocol';
import { withClarifications } from '../clarify/clarification.ts';
import { settledCases } from '../emit/cases.ts';
import { programFiles } from '../emit/program-files.ts';
import { testSource } from '../emit/test-source.ts';
import { transformationCard } from '../emit/transformation-card.ts';
import { transformationSource } from '../emit/transformation-source.ts';
import { LIMITS } from '../limits.ts';
import { type FieldRecipe, type MadeField, makeField } from '../program/make-fields.ts';
import { openMatches } from '../program/transform-text.ts';
import { readTexts } from '../program/read-texts.ts';
import { refuse } from '../refusal.ts';
import { percent } from '../report.ts';
import { type Abstention, type SureAnswer, chooseThreshold } from '../select/calibrate.ts';
import { shuffle } from '../split/hold-out.ts';
import type { InductionResult, InductionTask } from '../task.ts';
import { describeRecipe } from './describe.ts';
import { askAboutProbes, differingRivals, outputOf, probesOf } from './probe.ts';
import {
  type OutputField,
  type TransformationData,
  type TransformationSample,
  readTransformation,
} from './read-transformation.ts';
import { transformationSchemas } from './transformation-schemas.ts';
import { synthesise } from './synthesise.ts';
import type { TransformationReport, TransformedField } from './transformation-report.ts';

/** Fewest training examples of which some are kept aside to choose the threshold. */
const MIN_TO_VALIDATE = 16;
/** Share of right outputs on the training part below which there is no program. */
const MIN_RIGHT = 0.8;

/**
 * Learns a program that makes texts or numbers from pieces of texts. A fifth of the distinct inputs is held out; recipes are searched on the rest and
 * checked on all of it, and the chosen ones are scored once on the hold-out.
 *
 * @throws the reason of `signal` when it is aborted
 */
export function learnTransformation(task: InductionTask): InductionResult {
  const started = task.clock.now();
  const clarified = withClarifications(task.examples, task.clarifications ?? []);
  const read = readTransformation(clarified.examples);
  if (!read.ok) return read;
  const data = read.value;
  const { training, heldOut } = split(data.samples, clarified.isSettled, task.seed);
  const unlabelled = (task.unlabelledInputs ?? []).filter((input) => isReadable(input, data.inputFields));
  const probes = probesOf(
    training.map(({ input }) => input),
    unlabelled,
    seededRandom(task.seed + 1),
  );
  const fields = learnFields(task, data, { training, probes });
  if (!fields.ok) return { ok: false, refused: fields.refused };
  const abstention = validate(task, data, { training, probes });
  const fallback = task.unknownLabel;
  const threshold = fallback === null ? 0 : abstention.threshold;
  const run = (input: Json): Json => answer(fields.value, { input, sources: data.inputFields, threshold, fallback }).output;
  const score = scoreOn(heldOut, run);
  const ambiguity = askAboutProbes(fields.value, probes, data.inputFields);
  const { inputSchema, outputSchema } = transformationSchemas(data, fallback);
  const date = isoTime(started).slice(0, 10);
  const recipes = describeFields(fields.value, data, { training, heldOut });
  const origin = [
    `Found by the induction agent of Loopwright on ${date} by a search over pieces of texts, from ${training.length} examples.`,
    `On ${score.n} other examples, held out, it is right in ${percent(score.share)} (95 % interval ${percent(score.low)} to ${percent(score.high)}).`,
  ];
  const source = transformationSource({ task, fields: fields.value, recipes, sources: data.inputFields, abstention, origin });
  const report: TransformationReport = {
    goal: 'transformation',
    inputSchema,
    outputSchema,
    examples: {
      given: task.examples.length,
      duplicates: data.duplicates,
      conflicts: data.conflicts,
      clarified: (task.clarifications ?? []).length,
      training: training.length,
    },
    holdout: { accuracy: score.share, low: score.low, high: score.high, n: score.n },
    baseline: baselineOf(training, heldOut),
    fields: recipes,
    confidence: { ...abstention, isApplied: fallback !== null },
    ambiguity,
    sourceBytes: Buffer.byteLength(source),
    seconds: (task.clock.now() - started) / 1000,
    seed: task.seed,
    target: task.accuracyTarget === null ? null : { accuracy: task.accuracyTarget, met: score.share >= task.accuracyTarget },
  };
  const settled = training.filter(({ input }) => clarified.isSettled(input));
  const cases = [...settledCases(settled), ...casesOf([...heldOut, ...training], data, run)];
  const warnings = warningsOf(report, {
    data,
    missed: settled.filter(({ input, output }) => canonicalJson(run(input)) !== canonicalJson(output)).length,
  });
  const wrongInput: Json = data.inputFields === null ? { not: 'a text' } : ['not', 'a', 'record'];
  const files = programFiles({
    program: source,
    tests: testSource(task.programName, cases, wrongInput),
    card: transformationCard({ task, report, warnings, date }),
  });
  const held: LabelledExample[] = heldOut.map(({ input, output }) => ({ input, output }));
  return { ok: true, files, report, warnings, cases, heldOut: held, wrongInput };
}

function isReadable(input: Json, sources: readonly string[] | null): boolean {
  try {
    readTexts(input, sources);
    return true;
  } catch {
    return false;
  }
}

/** A fifth at random; what people settled is never held out. */
function split(
  samples: readonly TransformationSample[],
  isSettled: (input: Json) => boolean,
  seed: number,
): { training: TransformationSample[]; heldOut: TransformationSample[] } {
  const open = shuffle(
    samples.filter(({ input }) => !isSettled(input)),
    seededRandom(seed),
  );
  const count = Math.max(1, Math.round(samples.length * LIMITS.holdOutShare));
  const held = new Set(open.slice(0, Math.min(count, open.length - 1)));
  return { training: samples.filter((sample) => !held.has(sample)), heldOut: samples.filter((sample) => held.has(sample)) };
}

interface FieldParts {
  readonly training: readonly TransformationSample[];
  readonly probes: readonly Json[];
}

type Fields = { ok: true; value: FieldRecipe[] } | { ok: false; refused: ReturnType<typeof refuse> };

function learnFields(task: InductionTask, data: TransformationData, { training, probes }: FieldParts): Fields {
  const random = seededRandom(task.seed);
  const learned: FieldRecipe[] = [];
  for (const [place, field] of data.fields.entries()) {
    task.onProgress?.({ stage: `searching ${field.name ?? 'a program'}`, done: place, total: data.fields.length });
    const recipe = learnField(task, { field, place, training, probes, sources: data.inputFields, random });
    const right = recipe === undefined ? 0 : training.filter((sample) => isRight(recipe, place, sample)).length / training.length;
    if (recipe === undefined || right < MIN_RIGHT) {
      const what = field.name === null ? 'the outputs' : JSON.stringify(field.name);
      const reason = `No program of the agent's language makes ${what} of the examples from their inputs: the best is right in ${percent(right)} of them`;
      return { ok: false, refused: refuse('no_program', reason, { field: field.name, right, needed: MIN_RIGHT }) };
    }
    learned.push(recipe);
  }
  return { ok: true, value: learned };
}

interface OneField extends FieldParts {
  readonly field: OutputField;
  readonly place: number;
  readonly sources: readonly string[] | null;
  readonly random: Random;
}

function learnField(task: InductionTask, { field, place, training, probes, sources, random }: OneField): FieldRecipe | undefined {
  const examples = training.flatMap(({ matches, texts }) => {
    const output = texts[place];
    return output === undefined ? [] : [{ matches, output }];
  });
  const empty = training.filter(({ texts }) => texts[place] === undefined).map(({ matches }) => matches);
  const found = synthesise({ examples, empty, random, onSearch: () => task.signal?.throwIfAborted() });
  if (found === undefined) return undefined;
  const isOptional = empty.length > 0;
  const missing = isOptional || field.name !== null ? field.missing : task.unknownLabel;
  const recipes = [found.recipe, ...differingRivals(found, probes, sources)];
  return { name: field.name, isNumber: field.type === 'number', isOptional, missing, recipes };
}

function isRight(recipe: FieldRecipe, place: number, { matches, texts }: TransformationSample): boolean {
  const { value } = makeField({ ...recipe, recipes: recipe.recipes.slice(0, 1) }, matches);
  const expected = texts[place];
  return expected === undefined ? value === recipe.missing : value !== null && String(value) === expected;
}

/** The threshold, chosen on a quarter of the training part with recipes found on the rest. With few examples none is kept aside, and nothing is doubtful. */
function validate(task: InductionTask, data: TransformationData, { training, probes }: FieldParts): Abstention {
  const aside: SureAnswer[] = [];
  if (training.length >= MIN_TO_VALIDATE) {
    const order = shuffle([...training], seededRandom(task.seed + 2));
    const validation = order.slice(0, Math.floor(order.length / 4));
    const fields = learnFields(task, data, { training: order.slice(validation.length), probes });
    if (fields.ok) {
      for (const { input, output } of validation) {
        const made = answer(fields.value, { input, sources: data.inputFields, threshold: 0, fallback: null });
        aside.push({ confidence: made.confidence, isRight: canonicalJson(made.output) === canonicalJson(output) });
      }
    }
  }
  return chooseThreshold(aside, aside.length === 0 ? null : (task.precisionTarget ?? null));
}

/** What the emitted program answers. */
function answer(
  fields: readonly FieldRecipe[],
  {
    input,
    sources,
    threshold,
    fallback,
  }: { input: Json; sources: readonly string[] | null; threshold: number; fallback: string | null },
): { output: Json; confidence: number } {
  const matches = openMatches(readTexts(input, sources));
  const made: readonly MadeField[] = fields.map((field) => makeField(field, matches));
  const confidence = Math.min(...made.map((field) => field.confidence));
  return { output: fallback !== null && confidence < threshold ? fallback : outputOf(made), confidence };
}

function scoreOn(
  heldOut: readonly TransformationSample[],
  run: (input: Json) => Json,
): ReturnType<typeof wilsonInterval> & { n: number } {
  const right = heldOut.filter(({ input, output }) => canonicalJson(run(input)) === canonicalJson(output)).length;
  return { ...wilsonInterval(right, heldOut.length), n: heldOut.length };
}

function baselineOf(training: readonly TransformationSample[], heldOut: readonly TransformationSample[]): number {
  const counts = new Map<string, number>();
  for (const { output } of training) {
    const key = canonicalJson(output);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const usual = [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
  return heldOut.filter(({ output }) => canonicalJson(output) === usual).length / Math.max(1, heldOut.length);
}

function describeFields(
  fields: readonly FieldRecipe[],
  data: TransformationData,
  { training, heldOut }: { training: readonly TransformationSample[]; heldOut: readonly TransformationSample[] },
): TransformedField[] {
  return fields.map((field, place) => {
    const share = (samples: readonly TransformationSample[]): number =>
      samples.filter((sample) => isRight(field, place, sample)).length / Math.max(1, samples.length);
    return {
      name: field.name,
      recipe: describeRecipe(field.recipes[0] ?? [], data.inputFields),
      rivals: field.recipes.length - 1,
      trainingAccuracy: share(training),
      holdoutAccuracy: share(heldOut),
    };
  });
}

/** Longest input of a case, in characters of its JSON, and most cases. */
const MAX_CASE = 1500;
const MAX_CASES = 30;

function casesOf(
  samples: readonly TransformationSample[],
  data: TransformationData,
  run: (input: Json) => Json,
): { name: string; input: Json; output: Json }[] {
  const right = samples.filter(
    ({ input, output }) => JSON.stringify(input).length <= MAX_CASE && canonicalJson(run(input)) === canonicalJson(output),
  );
  const edges: [string, string][] = [
    ['an empty text', ''],
    ['white space', ' \n\t '],
    ['half a surrogate pair', 'a\ud800b'],
    ['a long word', 'a'.repeat(1000)],
    ['many digits', '1'.repeat(1000)],
  ];
  return [
    ...right.slice(0, MAX_CASES).map(({ input, output }, at) => ({ name: `example ${at + 1}`, input, output })),
    ...edges.map(([name, text]) => {
      const input: Json =
        data.inputFields === null ? text : (Object.fromEntries(data.inputFields.map((field) => [field, text])) as JsonObject);
      return { name, input, output: run(input) };
    }),
  ];
}

function warningsOf(report: TransformationReport, { data, missed }: { data: TransformationData; missed: number }): string[] {
  const { holdout, target } = report;
  const warnings: string[] = [];
  if (target !== null && !target.met)
    warnings.push(`The hold-out accuracy of ${percent(holdout.accuracy)} is below the target of ${percent(target.accuracy)}`);
  if (holdout.n < 50) warnings.push(`The hold-out has only ${holdout.n} examples: the interval of the score is wide`);
  if (data.conflicts > 0) warnings.push(`${data.conflicts} inputs were left out: they had different outputs`);
  if (missed > 0)
    warnings.push(
      `${missed} answers of people are not what the program makes: its language cannot express them together with the examples`,
    );
  if (report.ambiguity.questions.length > 0)
    warnings.push(
      `The examples leave open what is right: ${report.ambiguity.questions.length} questions are in clarification_questions`,
    );
  return warnings;
}
