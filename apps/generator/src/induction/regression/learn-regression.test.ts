import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildProgram } from '@loopwright/edge';
import { type Json, type LabelledExample, seededRandom, systemClock } from '@loopwright/protocol';
import { induce } from '../induce.ts';
import { checkFiles, emit, taskOf } from '../program.suite.ts';
import type { Induced, InductionResult, InductionTask } from '../task.ts';
import type { RegressionReport } from './regression-report.ts';

function learn(examples: readonly LabelledExample[], options: Partial<InductionTask> = {}): InductionResult {
  return induce(taskOf(examples, options));
}

function learned(
  examples: readonly LabelledExample[],
  options: Partial<InductionTask> = {},
): Induced & { report: RegressionReport } {
  const result = learn(examples, options);
  assert.ok(result.ok && result.report.goal === 'regression', JSON.stringify(result).slice(0, 500));
  return { ...result, report: result.report };
}

/** Prices that are a sum of what flats have. */
function flats(count: number): LabelledExample[] {
  const random = seededRandom(4);
  return Array.from({ length: count }, () => {
    const size = Math.round(20 + random.next() * 100);
    const town = ['Ulm', 'Köln "x"', 'Jena'][Math.floor(random.next() * 3)] ?? 'Ulm';
    const hasLift = random.next() < 0.5;
    const price = 9.5 * size + (town === 'Ulm' ? 200 : 0) + (hasLift ? 50 : 0) + 40 * random.next();
    return { input: { size, town, has_lift: hasLift }, output: Math.round(price * 100) / 100 };
  });
}

/** Values with steps and interactions, and empty cells. */
function steps(count: number): LabelledExample[] {
  const random = seededRandom(5);
  return Array.from({ length: count }, () => {
    const [a, b, c] = [Math.floor(random.next() * 100), random.next() < 0.3 ? null : random.next() * 5, random.next() < 0.5];
    const output = (a > 50 ? 20 : 5) + (c && a > 20 ? 30 : 0) + (b === null ? 10 : b * b) + random.next() * 2;
    return { input: { a, b, c, d: random.next() }, output: Math.round(output * 1000) / 1000 };
  });
}

/** The error that the emitted program itself has on the hold-out must be that of the report, and so its interval. */
async function checkProgram({ report, heldOut, files, ...rest }: Induced & { report: RegressionReport }): Promise<void> {
  await using emitted = await emit({ report, heldOut, files, ...rest });
  const judged = heldOut.map(({ input, output }) => ({ ...emitted.judge(input), truth: Number(output) }));
  const mae = judged.reduce((sum, { output, truth }) => sum + Math.abs(Number(output) - truth), 0) / judged.length;
  assert.ok(Math.abs(mae - report.holdout.mae) < 1e-9, `${mae} ${report.holdout.mae}`);
  const covered = judged.filter(({ low, high, truth }) => low - 1e-9 <= truth && truth <= high + 1e-9).length / judged.length;
  assert.ok(Math.abs(covered - report.interval.holdoutCoverage) < 0.02);
  assert.throws(() => emitted.answer({ a: 'much', size: 'much' }), TypeError);
  await buildProgram(files[0]?.content ?? '');
  await checkFiles(emitted.folder);
}

describe('induce on numbers', () => {
  it('finds a sum, with its error, interval and baselines', async () => {
    const result = learned(flats(240));
    const { report } = result;
    assert.equal(report.model, 'linear sum');
    assert.ok((report.holdout.r2 ?? 0) > 0.98);
    assert.ok(report.holdout.low < report.holdout.mae && report.holdout.mae < report.holdout.high);
    assert.ok(report.baseline.medianMae > 10 * report.holdout.mae && report.baseline.meanMae > 10 * report.holdout.mae);
    assert.ok(report.interval.holdoutCoverage > 0.75);
    await checkProgram(result);
  });

  it('grows trees where no sum fits', async () => {
    const result = learned(steps(250));
    assert.match(result.report.model, /trees/u);
    assert.ok((result.report.holdout.r2 ?? 0) > 0.9, String(result.report.holdout.r2));
    await checkProgram(result);
  });

  it('asks where the estimators are far apart, and answers what people said', async () => {
    const examples = steps(150);
    const unlabelledInputs: Json[] = [
      ...steps(230)
        .slice(150)
        .map(({ input }) => input),
      ['no', 'record'],
    ];
    const { ambiguity } = learned(examples, { unlabelledInputs }).report;
    assert.equal(ambiguity.compared, 80);
    assert.ok((ambiguity.disagreement ?? 0) > 0 && (ambiguity.disagreement ?? 1) < 1, String(ambiguity.disagreement));
    const [question] = ambiguity.questions;
    assert.equal(question?.answers.length, 2);
    const again = learned(examples, { clarifications: [{ input: question?.input ?? null, output: 77 }] });
    await using emitted = await emit(again);
    const { output, low, high } = emitted.judge(question?.input);
    assert.deepEqual([output, low, high], [77, 77, 77]);
    assert.ok(again.cases.some((one) => one.output === 77));
  });

  it('keeps the digits of small numbers', () => {
    const small = steps(250).map(({ input, output }) => ({ input, output: Number(output) / 1e12 }));
    const { report } = learned(small);
    assert.ok(/trees/u.test(report.model) && (report.holdout.r2 ?? 0) > 0.9, JSON.stringify(report.holdout));
  });

  it('is deterministic for a seed, and stops when the signal is aborted', () => {
    const clock = { ...systemClock, now: () => 1_800_000_000_000 };
    assert.deepEqual(learned(flats(60), { clock }).files, learned(flats(60), { clock }).files);
    assert.throws(() => learn(flats(60), { signal: AbortSignal.abort(new Error('enough')) }), /enough/u);
  });

  it('refuses what cannot be estimated', () => {
    const codeOf = (examples: readonly LabelledExample[], goal?: InductionTask['goal']): string => {
      const result = learn(examples, goal === undefined ? {} : { goal });
      return result.ok ? 'ok' : result.refused.code;
    };
    const random = seededRandom(6);
    const noise = Array.from({ length: 120 }, () => ({ input: { a: random.next(), b: random.next() }, output: random.next() }));
    assert.equal(codeOf(noise), 'no_signal');
    assert.equal(
      codeOf(
        noise.map(({ input }) => ({ input, output: 5 })),
        'regression',
      ),
      'no_signal',
    );
    assert.equal(codeOf(flats(60).with(7, { input: { size: 1 }, output: 1e200 })), 'unsupported_output');
    assert.equal(codeOf(flats(25)), 'too_few_examples');
    assert.equal(codeOf(flats(60).with(7, { input: { size: 1 }, output: 'dear' }), 'regression'), 'unsupported_output');
    assert.equal(
      codeOf(
        flats(60).map(({ output }, at) => ({ input: `flat ${at}`, output })),
        'regression',
      ),
      'unsupported_input',
    );
    assert.equal(codeOf([...flats(60), ...flats(60)].map(({ output }) => ({ input: { size: 1 }, output }))), 'too_few_examples');
  });
});
