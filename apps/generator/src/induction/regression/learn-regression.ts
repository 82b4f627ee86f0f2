import { type Json, type LabelledExample, isoTime } from '@loopwright/protocol';
import { leftOut, withClarifications } from '../clarify/clarification.ts';
import { settledCases, wrongInput } from '../emit/cases.ts';
import { programFiles } from '../emit/program-files.ts';
import { regressionCard } from '../emit/regression-card.ts';
import { type RegressionProgram, regressionSource } from '../emit/regression-source.ts';
import { DIALECT, inputSchema } from '../emit/schemas.ts';
import { testSource } from '../emit/test-source.ts';
import { finishEstimate } from '../program/regression-model.ts';
import { knowsCells, readCells } from '../program/table-cells.ts';
import { type InputKind, isOfKind } from '../read/input-kind.ts';
import { type Refused, refuse } from '../refusal.ts';
import type { InductionResult, InductionTask } from '../task.ts';
import { askAboutEstimates } from './ask-about-estimates.ts';
import { type Estimator, estimate } from './estimators.ts';
import { type RegressionData, readRegression } from './read-regression.ts';
import type { RegressionReport } from './regression-report.ts';
import { halfWidthOf, maeOf, meanOf, medianOf, scoreEstimates } from './score-estimates.ts';
import { type SelectedEstimator, selectEstimator, splitRegression } from './select-estimator.ts';

/** Share of the outputs that shall lie in the interval that the program gives. */
const INTENDED = 0.9;
/** An estimator that is not this much better than the median has learned nothing. */
const MIN_GAIN = 0.98;

/**
 * Learns a program that estimates a number from a record. A fifth of the distinct inputs is held out; an estimator is chosen by
 * cross-validation on the rest, whose errors also give the width of the interval, and scored once on the hold-out.
 *
 * @throws the reason of `signal` when it is aborted
 */
export function learnRegression(task: InductionTask): InductionResult {
  const started = task.clock.now();
  const clarified = withClarifications(task.examples, task.clarifications ?? []);
  const read = readRegression(clarified.examples);
  if (!read.ok) return read;
  const data = read.value;
  const kind: InputKind = { kind: 'table', fields: data.fields };
  const { training, heldOut } = splitRegression(data, clarified.isSettled, task.seed);
  const own = training.map((member) => data.targets[member] ?? 0);
  const selected = selectEstimator(task, data, training);
  const refused = noSignal(selected);
  if (refused !== undefined) return { ok: false, refused };
  const estimator = selected.best.train();
  const settled = examplesOf(
    data,
    training.filter((member) => clarified.isSettled(data.inputs[member] ?? null)),
  );
  const program = programOf(data, { own, selected, estimator, settled });
  const run = (input: Json): number => answer(program, input);
  const truth = heldOut.map((member) => data.targets[member] ?? 0);
  const made = heldOut.map((member) => run(data.inputs[member] ?? null));
  const holdout = scoreEstimates(truth, made);
  const date = isoTime(started).slice(0, 10);
  const origin = [
    `Learned by the induction agent of Loopwright on ${date} from ${training.length} examples; the model is ${selected.best.model}.`,
    `On ${holdout.n} other examples, held out, it is off by ${holdout.mae.toPrecision(3)} on average (95 % interval ${holdout.low.toPrecision(3)} to ${holdout.high.toPrecision(3)}).`,
  ];
  const source = regressionSource({ task, program, fields: data.fields, origin });
  const median = medianOf(own);
  const unlabelled = (task.unlabelledInputs ?? []).filter((input) => isOfKind(input, kind));
  const report: RegressionReport = {
    goal: 'regression',
    model: selected.best.model,
    inputSchema: inputSchema(kind),
    outputSchema: { $schema: DIALECT, type: 'number' },
    examples: {
      given: task.examples.length,
      duplicates: data.duplicates,
      clarified: (task.clarifications ?? []).length,
      training: training.length,
    },
    holdout,
    baseline: { meanMae: maeOf(truth, meanOf(own)), medianMae: maeOf(truth, median) },
    crossValidation: selected.results,
    interval: {
      halfWidth: program.halfWidth,
      intended: INTENDED,
      holdoutCoverage:
        truth.filter((value, at) => Math.abs(value - (made[at] ?? 0)) <= program.halfWidth).length / Math.max(1, truth.length),
    },
    ambiguity: ambiguityOf(unlabelled, { selected, program, run }),
    sourceBytes: Buffer.byteLength(source),
    seconds: (task.clock.now() - started) / 1000,
    seed: task.seed,
  };
  const held = examplesOf(data, heldOut);
  const cases = [
    ...settledCases(settled),
    ...held.slice(0, 20).map(({ input }, at) => ({ name: `the estimate for example ${at + 1}`, input, output: run(input) })),
  ];
  const warnings = [...warningsOf(report), ...leftOut((task.unlabelledInputs ?? []).length - unlabelled.length)];
  if (task.accuracyTarget !== null)
    warnings.push('accuracy_target was not looked at: an estimate of a number has an error, not an accuracy');
  const files = programFiles({
    program: source,
    tests: testSource(task.programName, cases, wrongInput(kind)),
    card: regressionCard({ task, report, warnings, date }),
  });
  return { ok: true, files, report, warnings, cases, heldOut: held, wrongInput: wrongInput(kind) };
}

function programOf(
  data: RegressionData,
  {
    own,
    selected,
    estimator,
    settled,
  }: {
    own: readonly number[];
    selected: SelectedEstimator;
    estimator: Estimator;
    settled: readonly { readonly input: Json; readonly output: number }[];
  },
): RegressionProgram {
  const sorted = own.toSorted((a, b) => a - b);
  return {
    estimator,
    otherwise: Number(medianOf(own).toFixed(data.decimals)),
    lowest: sorted[0] ?? 0,
    highest: sorted.at(-1) ?? 0,
    decimals: data.decimals,
    halfWidth: Number(halfWidthOf(selected.truth, selected.best.estimates, INTENDED).toPrecision(4)),
    settled: new Map(settled.map(({ input, output }) => [JSON.stringify(readCells(input, estimator.columns)), output])),
  };
}

/** What the emitted program answers. */
function answer({ estimator, otherwise, lowest, highest, decimals, settled }: RegressionProgram, input: Json): number {
  const cells = readCells(input, estimator.columns);
  const known = settled.get(JSON.stringify(cells));
  if (known !== undefined) return known;
  if (!knowsCells(cells, estimator.columns)) return otherwise;
  return finishEstimate(estimate(estimator, input), lowest, highest, decimals);
}

function examplesOf(data: RegressionData, members: readonly number[]): { input: Json; output: number }[] {
  return members.map((member) => ({
    input: data.inputs[member] ?? null,
    output: data.targets[member] ?? 0,
  })) satisfies LabelledExample[];
}

function ambiguityOf(
  unlabelled: readonly Json[],
  { selected, program, run }: { selected: SelectedEstimator; program: RegressionProgram; run: (input: Json) => number },
): RegressionReport['ambiguity'] {
  const names = [selected.best.model, selected.rival.model] as const;
  if (unlabelled.length === 0) return { candidates: [...names], compared: 0, disagreement: null, questions: [] };
  const rival = { ...program, estimator: selected.rival.train() };
  return askAboutEstimates(unlabelled, { names, run, runRival: (input) => answer(rival, input), apart: program.halfWidth });
}

function noSignal({ best, truth }: SelectedEstimator): Refused | undefined {
  const bare = maeOf(truth, medianOf(truth));
  if (best.mae < MIN_GAIN * bare) return undefined;
  const reason = 'Nothing in the inputs tells the numbers apart: no estimate is better than always giving the median';
  return refuse('no_signal', reason, { model: best.model, mae: best.mae, always_median: bare });
}

function warningsOf({ holdout, baseline, interval }: RegressionReport): string[] {
  const warnings: string[] = [];
  if (holdout.n < 50) warnings.push(`The hold-out has only ${holdout.n} examples: the interval of the score is wide`);
  if (holdout.mae >= baseline.medianMae) warnings.push('On the hold-out the program is no better than always giving the median');
  if (interval.holdoutCoverage < interval.intended - 0.1)
    warnings.push('Fewer outputs of the hold-out than intended lie in the interval that the program gives');
  return warnings;
}
