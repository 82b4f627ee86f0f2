import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildProgram, noJail, openSandbox } from '@loopwright/edge';
import { type Json, type LabelledExample, systemClock } from '@loopwright/protocol';
import { induce } from '../induce.ts';
import { openMatches } from '../program/transform-text.ts';
import { checkFiles, emit, taskOf } from '../program.suite.ts';
import type { Induced, InductionResult, InductionTask } from '../task.ts';
import { PATTERNS, literalPatterns, shapePattern } from './patterns.ts';
import type { TransformationReport } from './transformation-report.ts';

function learn(examples: readonly LabelledExample[], options: Partial<InductionTask> = {}): InductionResult {
  return induce(taskOf(examples, options));
}

function learned(
  examples: readonly LabelledExample[],
  options: Partial<InductionTask> = {},
): Induced & { report: TransformationReport } {
  const result = learn(examples, options);
  assert.ok(result.ok && result.report.goal === 'transformation', JSON.stringify(result).slice(0, 500));
  return { ...result, report: result.report };
}

const pairs = (rows: readonly (readonly [Json, Json])[]): LabelledExample[] => rows.map(([input, output]) => ({ input, output }));

const NAMES = ['Ada Lovelace', 'Alan Mathison Turing', 'Grace Brewster Hopper', 'Edsger Dijkstra', 'Barbara Liskov', 'Çelik Öz'];
const MONTHS = ['Jan', 'February', 'March', 'April', 'May', 'Jun', 'Jul', 'Aug', 'Sept', 'October', 'Nov', 'December'];
const two = (value: number): string => String(value).padStart(2, '0');

/** Letters of bills, of three forms; every tenth has no bill in it. */
function bills(count: number): LabelledExample[] {
  return Array.from({ length: count }, (_, at) => {
    const [day, month] = [two(1 + (at % 28)), two(1 + (at % 12))];
    const bill = `INV-${100 + at * 7}`;
    const amount = 1000 + at * 13.37;
    const shown = amount.toFixed(2).replaceAll(/\B(?=(?:\d{3})+\.)/gu, ',');
    const texts = [
      `Invoice ${bill} of ${day}.${month}.2024: total ${shown} EUR`,
      `Please pay ${shown} EUR for ${bill} by ${day}.${month}.2024.`,
      `${bill}: due ${MONTHS[at % 12]} ${1 + (at % 28)}, 2024, sum ${shown} EUR. Thanks`,
    ];
    if (at % 10 === 9)
      return { input: { text: `no invoice here, call me at ${at}` }, output: { amount: null, date: null, id: null } };
    return {
      input: { text: texts[at % 3] ?? '' },
      output: { amount: Number(amount.toFixed(2)), date: `2024-${month}-${day}`, id: bill },
    };
  });
}

describe('induce on transformations', () => {
  const tasks: Record<string, [examples: [Json, Json][], input: Json, output: Json]> = {
    'initials and last names': [
      NAMES.map((name) => [name, `${name.charAt(0)}. ${name.split(' ').at(-1) ?? ''}`]),
      'John von Neumann',
      'J. Neumann',
    ],
    'addresses from several members': [
      ['Stone', 'Miller', 'Wu', 'Lopez', 'Klein', 'Ray'].map((last, at) => [
        { first: `Bo${at}`, last, room: at },
        `bo${at}.${last.toLowerCase()}@corp.com`,
      ]),
      { first: 'Eve', last: 'Adams', room: 7 },
      'eve.adams@corp.com',
    ],
    'numbers written anew': [
      Array.from({ length: 9 }, (_, at) => {
        const [a, b] = [425 + at, 110 + at];
        return [[`(${a}) 555-0${b}`, `${a}.555.0${b}`, `${a} 555 0${b}`][at % 3] ?? '', `${a}-555-0${b}`];
      }),
      '212.777.0999',
      '212-777-0999',
    ],
    'dates with names of months': [
      ['Jan', 'Feb', 'March', 'April', 'Sep', 'December'].map((month, at) => [
        `On ${month} ${at + 1}, ${2010 + at} it rained`,
        `${two(at + 1)}/${['01', '02', '03', '04', '09', '12'][at] ?? ''}/${2010 + at}`,
      ]),
      'Since August 30, 1999 nothing',
      '30/08/1999',
    ],
    'numbers out of amounts': [
      ['1,234.50', '99.00', '12,000.00', '7.25', '1,000,000.10'].map((amount) => [
        `Total: ${amount} EUR`,
        Number(amount.replaceAll(',', '')),
      ]),
      'Total: 5,001.75 EUR',
      5001.75,
    ],
    'what stands after a word, and nothing elsewhere': [
      Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? [`code #${at}77 ok`, `${at}77`] : [`nothing for ${at} here`, ''])),
      'code #9 ok',
      '9',
    ],
    'case and constants': [
      ['red', 'dark blue', 'green', 'light grey'].map((colour) => [colour, `<${colour.toUpperCase()}>`]),
      'pink',
      '<PINK>',
    ],
  };
  for (const [name, [rows, input, output]] of Object.entries(tasks)) {
    it(`finds ${name}`, async () => {
      const result = learned(pairs(rows), { goal: 'transformation' });
      await using emitted = await emit(result);
      assert.equal(result.report.holdout.accuracy, 1);
      assert.deepEqual(emitted.answer(input), output);
    });
  }

  it('takes fields out of texts; its program builds, compiles, passes its tests, and scores what the report says', async () => {
    const result = learned(bills(50));
    await using emitted = await emit(result);
    const { report, heldOut, files } = result;
    const right = heldOut.filter(({ input, output }) => JSON.stringify(emitted.answer(input)) === JSON.stringify(output));
    assert.equal(right.length / heldOut.length, report.holdout.accuracy);
    assert.equal(report.holdout.accuracy, 1);
    assert.ok(report.baseline < 0.5);
    const text = 'We got INV-98765 on 31.12.2023, please send 21,000.05 EUR';
    assert.deepEqual(emitted.answer({ text }), { amount: 21_000.05, date: '2023-12-31', id: 'INV-98765' });
    assert.deepEqual(emitted.answer({ text: 'hello' }), { amount: null, date: null, id: null });
    assert.throws(() => emitted.answer({ text: ['INV-1'] }), TypeError);
    await buildProgram(files[0]?.content ?? '');
    await checkFiles(emitted.folder);

    // Hostile texts as long as a program reads: each call has the time that the sandbox gives it.
    await using sandbox = await openSandbox({ clock: systemClock, jail: noJail, workers: 1 });
    const built = await buildProgram(files[0]?.content ?? '');
    for (const piece of ['1', '1,', '1.1.', 'INV', 'INV-', 'INV ', 'Jan ', '9 EUR', ' ', 'a@', 'é\u0301']) {
      const input = JSON.stringify({ text: piece.repeat(20_000) });
      const answered = await sandbox.run({ key: built.digest, code: built.code }, input);
      assert.equal(answered.status, 'success', `${piece}: ${JSON.stringify(answered)}`);
    }
  });

  it('finds nothing where what stands there is no number', async () => {
    const rows = Array.from({ length: 12 }, (_, at) => [`row ${at}.5 of ${at}`, at + 0.5] as const);
    await using emitted = await emit(learned(pairs(rows), { goal: 'transformation' }));
    assert.equal(emitted.answer('row 7.25 of 9'), 7.25);
    for (const text of ['row b of c', `row ${'1'.repeat(1000)} of c`])
      assert.deepEqual(emitted.judge(text), { output: null, confidence: 0, doubtful: true });
  });

  it('asks where recipes that fit the examples differ, and does as people answer', async () => {
    const examples = pairs(NAMES.filter((name) => name.split(' ').length === 2).map((name) => [name, name.split(' ')[1] ?? '']));
    const more = pairs(['Donald Knuth', 'Tony Hoare'].map((name) => [name, name.split(' ')[1] ?? '']));
    const unlabelledInputs = ['Alan Mathison Turing', 'Kurt Gödel'];
    const first = learned([...examples, ...more], { unlabelledInputs });
    const question = first.report.ambiguity.questions.find(({ input }) => input === 'Alan Mathison Turing');
    assert.ok(question !== undefined, JSON.stringify(first.report.ambiguity));
    assert.match(first.warnings.join('\n'), /leave open/u);
    const offered = new Set(question.answers.map(({ output }) => output));
    for (const [output, other] of [
      ['Turing', 'Neumann'],
      ['Mathison Turing', 'von Neumann'],
    ] as const) {
      assert.ok(offered.has(output), `${output}: ${JSON.stringify([...offered])}`);
      const again = learned([...examples, ...more], { clarifications: [{ input: question.input, output }], unlabelledInputs });
      await using emitted = await emit(again);
      assert.equal(emitted.answer('John von Neumann'), other);
      assert.ok(again.cases.some((one) => one.input === question.input && one.output === output));
    }
  });

  it('abstains where recipes that fit the examples disagree', async () => {
    const rows = Array.from(
      { length: 40 },
      (_, at) => [`${'abcdefgh'.charAt(at % 8)}lice${at} Smith${at}`, `Smith${at}`] as const,
    );
    const result = learned(pairs(rows), { unknownLabel: 'unsure' });
    await using emitted = await emit(result);
    assert.equal(result.report.confidence.isApplied, true);
    assert.equal(emitted.answer('bob Jones'), 'Jones');
    const judged = emitted.judge('bob van Jones');
    assert.ok(judged.confidence < 1 && judged.doubtful, JSON.stringify(judged));
    assert.equal(judged.output, 'unsure');
  });

  it('is deterministic for a seed, keeps hostile examples inside their strings, and stops when the signal is aborted', async () => {
    const clock = { ...systemClock, now: () => 1_800_000_000_000 };
    const rows = ['*/ throw 1', '`${process.exit(1)}`', '</script>', '\u2028"\\', "'; throw 2 //", '(a+)+$'].map(
      (poison, at) => [{ 'k"*/': `${poison} <${at}7>` }, `${at}7 */ \u2028\${1}</script>`] as const,
    );
    const result = learned(pairs(rows), { clock });
    assert.deepEqual(result.files, learned(pairs(rows), { clock }).files);
    await using emitted = await emit(result);
    assert.equal(emitted.answer({ 'k"*/': 'x <997>' }), '997 */ \u2028${1}</script>');
    await checkFiles(emitted.folder);
    for (const file of result.files) assert.doesNotMatch(file.content, /\u2028|<\/script>/u);
    assert.throws(() => learn(pairs(rows), { signal: AbortSignal.abort(new Error('enough')) }), /enough/u);
  });

  it('refuses outputs that no program of its language makes, and too few examples', () => {
    const code = (examples: readonly LabelledExample[]): string => {
      const result = learn(examples, { goal: 'transformation' });
      return result.ok ? 'ok' : result.refused.code;
    };
    assert.equal(code(pairs(NAMES.map((name, at) => [name, `${(at * 7919) % 101}x${(at * 31) % 17}`]))), 'no_program');
    assert.equal(code(pairs([['a', 'b']])), 'too_few_examples');
    assert.equal(code(pairs(NAMES.map((name) => [name, [name]]))), 'unsupported_output');
    assert.equal(code(pairs(NAMES.map((name) => [[name], name]))), 'unsupported_input');
  });
});

describe('patterns', () => {
  it('match long hostile texts, each within the time of a test', () => {
    const shape = shapePattern(['INV-0042', 'A-7', 'INV-117/x']);
    const all = [
      ...PATTERNS,
      ...literalPatterns(['Total: (1) EUR', 'Total: (22) EUR now']),
      ...(shape === undefined ? [] : [shape]),
    ];
    const texts = ['1', 'a', 'A', '.', 'a.', 'a@a.', '1,111', '1.1-', 'Total: ', ' ', '-', 'Ab', 'A1-', '31 Jan '].map((piece) =>
      piece.repeat(8192).slice(0, 8192),
    );
    for (const { source } of all) {
      for (const text of texts) {
        for (const [start, end] of openMatches([`${text}!`]).find(0, source)) assert.ok(start < end, source);
      }
    }
  });
});
