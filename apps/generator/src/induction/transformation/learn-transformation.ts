import { type Json, type LabelledExample, canonicalJson, isoTime, seededRandom, wilsonInterval } from '@loopwright/protocol';
import { leftOut, withClarifications } from '../clarify/clarification.ts';
import { settledCases } from '../emit/cases.ts';
import { programFiles } from '../emit/program-files.ts';
import { testSource } from '../emit/test-source.ts';
import { transformationCard } from '../emit/transformation-card.ts';
import { transformationSource } from '../emit/transformation-source.ts';
import { LIMITS } from '../limits.ts';
import { type FieldRecipe, type MadeField, makeField } from '../program/make-fields.ts';
import { openMatches } from '../program/transform-text.ts';
import { readTexts } from '../program/read-texts.ts';
import { percent } from '../report.ts';
import { type Abstention, type SureAnswer, chooseThreshold } from '../select/calibrate.ts';
import { shuffle } from '../split/hold-out.ts';
import type { InductionResult, InductionTask } from '../task.ts';
import { describeRecipe } from './describe.ts';
import { type FieldParts, isRight, learnFields } from './learn-fields.ts';
import { askAboutProbes, outputOf, probesOf } from './probe.ts';
import { type TransformationData, type TransformationSample, readTransformation } from './read-transformation.ts';
import { transformationSchemas } from './transformation-schemas.ts';
import { transformationCases } from './transformation-cases.ts';
import type { TransformationReport, TransformedField } from './transformation-report.ts';

/** Fewest training examples of which some are kept aside to choose the threshold. */
const MIN_TO_VALIDATE = 16;

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
  const cases = [...settledCases(settled), ...transformationCases([...heldOut, ...training], data, run)];
  const missed = settled.filter(({ input, output }) => canonicalJson(run(input)) !== canonicalJson(output)).length;
  const warnings = [
    ...warningsOf(report, { data, missed }),
    ...leftOut((task.unlabelledInputs ?? []).length - unlabelled.length),
  ];
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
  const isDoubtful = confidence === 0 || confidence < threshold;
  return { output: fallback !== null && isDoubtful ? fallback : outputOf(made), confidence };
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
