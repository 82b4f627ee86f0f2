import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildProgram } from '@loopwright/edge';
import { type Json, type LabelledExample, systemClock } from '@loopwright/protocol';
import { induce } from './induce.ts';
import { checkFiles, emit, taskOf } from './program.suite.ts';
import type { Induced, InductionResult, InductionTask } from './task.ts';
import type { InductionReport } from './report.ts';
import { loans, messages } from './synthetic.suite.ts';

function learn(examples: readonly LabelledExample[], options: Partial<InductionTask> = {}): InductionResult {
  return induce(taskOf(examples, options));
}

/** A program that gives labels. */
interface LabelProgram extends Induced {
  readonly report: InductionReport;
}

function isLabelProgram(result: InductionResult): result is LabelProgram {
  return result.ok && result.report.goal === 'classification';
}

function learned(examples: readonly LabelledExample[], options: Partial<InductionTask> = {}): LabelProgram {
  const result = learn(examples, options);
  assert.ok(isLabelProgram(result), JSON.stringify(result).slice(0, 1000));
  return result;
}

function checkRefusal(examples: readonly LabelledExample[], code: string, goal: InductionTask['goal'] = 'auto'): void {
  const result = learn(examples, { goal });
  assert.ok(!result.ok);
  assert.equal(result.refused.code, code);
  assert.ok(result.refused.reason.length > 10);
  assert.ok(Object.keys(result.refused.details).length > 0);
}

/** The score that the emitted program itself has on the hold-out must be the score of the report. */
function checkScore(result: LabelProgram, answer: (input: unknown) => Json): void {
  const right = result.heldOut.filter((example) => answer(example.input) === example.output).length;
  assert.equal(right / result.heldOut.length, result.report.holdout.accuracy);
  assert.equal(result.heldOut.length, result.report.holdout.n);
}

describe('induce on texts', () => {
  it('emits a program that scores on the hold-out what the report says, passes its tests and compiles in strict mode', async () => {
    const result = learned(messages(400, 7, 0.03), { unknownLabel: 'other' });
    await using emitted = await emit(result);
    checkScore(result, emitted.answer);
    assert.ok(result.report.holdout.accuracy > 0.9, String(result.report.holdout.accuracy));
    assert.ok(result.report.holdout.low < result.report.holdout.accuracy);
    assert.equal(emitted.answer({ text: 'I was charged twice, send a refund of the payment' }), 'billing');
    await checkFiles(emitted.folder);
  });

  it('is deterministic for a seed', () => {
    const examples = messages(200, 3);
    const clock = { ...systemClock, now: () => 1_800_000_000_000 };
    assert.deepEqual(learned(examples, { clock }).files, learned(examples, { clock }).files);
  });

  it('gives the unknown label to what has nothing in common with the examples, and else the most frequent label', async () => {
    const examples = messages(200, 5);
    await using withUnknown = await emit(learned(examples, { unknownLabel: 'other' }));
    await using without = await emit(learned(examples));
    for (const text of ['', ' \n', 'ᚠᛇᚻ ᛒᛦᚦ', '写真を送ってください']) {
      assert.equal(withUnknown.answer({ text }), 'other');
      assert.ok(new Set<Json>(['billing', 'delivery', 'account']).has(without.answer({ text })));
    }
  });

  it('answers long and broken texts, and throws on a wrong shape', async () => {
    await using emitted = await emit(learned(messages(200, 5)));
    const begun = process.cpuUsage();
    for (const text of [
      'a'.repeat(100_000),
      'invoice '.repeat(12_500),
      '\ud800\udc00\udc00',
      '\u0000',
      '__proto__ constructor toString',
    ]) {
      assert.equal(typeof emitted.answer({ text, extra: 1 }), 'string');
    }
    const { user, system } = process.cpuUsage(begun);
    assert.ok(user + system < 2_000_000, `${user + system} µs`);
    for (const wrong of [null, 3, 'text', [], {}, { text: 1 }, { text: null }])
      assert.throws(() => emitted.answer(wrong), TypeError);
  });

  it('learns from bare strings, and labels that are numbers', async () => {
    const place = { billing: 1, delivery: 2, account: -3.5 };
    const examples = messages(200, 9).map((example) => ({
      input: (example.input as { text: string }).text,
      output: place[example.output as keyof typeof place],
    }));
    await using emitted = await emit(learned(examples));
    assert.equal(emitted.answer('parcel courier late'), 2);
    await checkFiles(emitted.folder);
  });

  it('keeps hostile examples inside their strings', async () => {
    const poison = [
      '"; throw 1; //',
      '`${process.exit(1)}`',
      '*/ throw 2; /*',
      '</script><script>',
      '\u2028throw 3',
      "'\\",
      '\u202e\u0000',
      '| a | # *b* [c](javascript:d)',
    ];
    const examples = messages(120, 4).map((example, index) => ({
      input: { 'te"xt\n*/': `${(example.input as { text: string }).text} ${poison[index % poison.length]} ${index}` },
      output: `${example.output as string}\`"*/\u2028//</script>`,
    }));
    const taskDescription = 'Ends */ here\u2028throw 4\nthrow 5 `${1}` <img src=x onerror=alert(1)> [x](y)';
    const result = learned(examples, { taskDescription, unknownLabel: '*/"`\u2029' });
    await using emitted = await emit(result);
    checkScore(result, emitted.answer);
    await checkFiles(emitted.folder);
    for (const file of result.files) assert.doesNotMatch(file.content, /[\u2028\u2029\u202e\0]|<\/script>/u);
    assert.doesNotMatch(result.files[2]?.content ?? '', /(?<!\\)<img|(?<!\\)\]\(/u);
  });

  it('never has similar inputs on both sides of the hold-out', () => {
    const examples = messages(100, 2).flatMap(({ input, output }) => {
      const { text } = input as { text: string };
      return [1, 2, 3].map((digit) => ({ input: { text: `${text.toUpperCase()} ${digit}` }, output }));
    });
    const { heldOut, report } = learned([...examples, ...examples]);
    const fold = (input: Json): string => JSON.stringify(input).toLowerCase().replaceAll(/\d/gu, '0');
    const held = new Set(heldOut.map((example) => JSON.stringify(example.input)));
    const outside = new Set(
      examples.filter((example) => !held.has(JSON.stringify(example.input))).map((example) => fold(example.input)),
    );
    assert.deepEqual(
      heldOut.filter((example) => outside.has(fold(example.input))),
      [],
    );
    assert.equal(report.examples.duplicates, 300);
  });

  it('warns when the target is missed', () => {
    const { warnings, report } = learned(messages(300, 7, 0.3), { accuracyTarget: 0.99 });
    assert.equal(report.target?.met, false);
    assert.match(warnings.join('\n'), /below the target of 99\.0 %/u);
  });

  it('stops when the signal is aborted', () => {
    assert.throws(() => learn(messages(100, 1), { signal: AbortSignal.abort(new Error('enough')) }), /enough/u);
  });
});

describe('induce on tables', () => {
  it('finds the rule, with empty cells and odd names, and its program builds, passes its tests and compiles', async () => {
    const result = learned(loans(600, 11), { unknownLabel: 'unknown' });
    await using emitted = await emit(result);
    checkScore(result, emitted.answer);
    assert.ok(result.report.holdout.accuracy > 0.93, String(result.report.holdout.accuracy));
    assert.equal(emitted.answer({ income: 9000, debt: 100, country: 'DE', employed: true, 'note "1"': 'a' }), true);
    assert.equal(emitted.answer({ income: 1200, debt: 100, country: 'DE', employed: false, 'note "1"': 'b' }), false);
    assert.equal(emitted.answer({}), 'unknown');
    assert.equal(emitted.answer({ country: 'XX' }), 'unknown');
    assert.throws(() => emitted.answer({ income: 'much' }), TypeError);
    await checkFiles(emitted.folder);
    await buildProgram(result.files[0]?.content ?? '');
  });

  it('emits a linear program where a sum decides', async () => {
    const examples = Array.from({ length: 300 }, (_, index) => {
      const [a, b, c] = [(index * 37) % 101, (index * 53) % 97, (index * 71) % 89];
      return { input: { a, b, c, 'd e': index % 3 === 0 ? 'x y' : 'z' }, output: a + b + c > 145 ? 'high' : 'low' };
    });
    const result = learned(examples);
    assert.match(result.report.model, /linear SVM/u);
    await using emitted = await emit(result);
    checkScore(result, emitted.answer);
    await checkFiles(emitted.folder);
  });
});

describe('induce refuses', () => {
  const good = messages(100, 1);
  const text = (example: LabelledExample): string => (example.input as { text: string }).text;

  it('too few examples, in total or of a label', () => {
    checkRefusal(good.slice(0, 10), 'too_few_examples');
    checkRefusal(Array.from({ length: 50 }, () => good[0] as LabelledExample).concat(good.slice(0, 10)), 'too_few_examples');
    checkRefusal([...good, { input: { text: 'alone' }, output: 'rare' }], 'too_few_examples');
  });

  it('too many examples', () => {
    checkRefusal(
      Array.from({ length: 100_001 }, () => good[0] as LabelledExample),
      'too_many_examples',
    );
  });

  it('a single label', () => {
    checkRefusal(
      good.map((example) => ({ input: example.input, output: 'same' })),
      'one_class',
    );
  });

  it('more than 100 labels', () => {
    checkRefusal(
      good.concat(messages(150, 2)).map((example, index) => ({ input: example.input, output: index })),
      'too_many_classes',
    );
  });

  it('labels that contradict each other, but leaves a few out', () => {
    const wrong = (count: number): LabelledExample[] =>
      good.slice(0, count).map((example) => ({ input: example.input, output: 'x' }));
    checkRefusal([...good, ...wrong(10)], 'contradictory_labels');
    const result = learned([
      ...good,
      ...messages(100, 2),
      ...good
        .slice(0, 2)
        .map((example) => ({ input: example.input, output: example.output === 'billing' ? 'account' : 'billing' })),
    ]);
    assert.equal(result.report.examples.conflicts, 4);
  });

  it('inputs that are neither texts nor flat records', () => {
    for (const input of [null, 3, true, [1], {}, { a: { b: 1 } }, { a: [1] }] as Json[]) {
      checkRefusal(good.with(40, { input, output: 'billing' }), 'unsupported_input');
    }
    checkRefusal(
      good.map((example) => ({ ...example, input: JSON.parse(`{"__proto__": 1}`) as Json })),
      'unsupported_input',
    );
  });

  it('records of several texts', () => {
    checkRefusal(
      good.map((example, index) => ({ input: { subject: `${index}`, body: text(example) }, output: example.output })),
      'unsupported_input',
    );
  });

  it('inputs of mixed kinds', () => {
    checkRefusal(good.with(40, { input: text(good[40] as LabelledExample), output: 'billing' }), 'mixed_kinds');
    checkRefusal(loans(100, 1).with(3, { input: { income: 'a lot' }, output: true }), 'mixed_kinds');
  });

  it('outputs that are not labels', () => {
    for (const output of [null, {}, [], '', 'a'.repeat(201)] as Json[])
      checkRefusal(good.with(40, { input: { text: 'a' }, output }), 'unsupported_output', 'classification');
    // An output that is empty makes it a transformation, and there is none.
    checkRefusal(good.with(40, { input: { text: 'a' }, output: null }), 'no_program');
    checkRefusal(good.with(40, { input: { text: 'a' }, output: {} }), 'unsupported_output');
  });

  it('inputs that are too long', () => {
    checkRefusal(good.with(40, { input: { text: 'a'.repeat(100_001) }, output: 'billing' }), 'input_too_long');
    checkRefusal(loans(100, 1).with(3, { input: { country: 'a'.repeat(10_001) }, output: true }), 'input_too_long');
  });

  it('inputs that say nothing about the label', () => {
    const random = messages(300, 21).map((example, index) => ({
      input: example.input,
      output: (index * 7919) % 13 < 5 ? 'heads' : 'tails',
    }));
    checkRefusal(random, 'no_signal');
  });
});
