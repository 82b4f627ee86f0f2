import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Json } from '@loopwright/protocol';
import { z } from 'zod';
import { ExpressionEvaluator, explainInvalidExpression } from './expression.ts';
import { compileJq } from './program.ts';
import { checkResult } from './run/check-result.ts';

const expectation = z.strictObject({ expression: z.string(), outputs: z.array(z.json()), fails: z.boolean() });
const file = join(import.meta.dirname, 'fixtures', 'jq-expectations.json');
const { expectations } = z
  .strictObject({ jq: z.string(), expectations: z.array(expectation) })
  .parse(JSON.parse(readFileSync(file, 'utf8')));

function run(source: string): { outputs: Json[]; fails: boolean } {
  const outputs: Json[] = [];
  try {
    compileJq(source, [])(null, {}, (value) => {
      outputs.push(checkResult(value));
      return false;
    });
    return { outputs, fails: false };
  } catch {
    return { outputs, fails: true };
  }
}

describe('compileJq', () => {
  it('gives what the real jq gave', () => {
    for (const { expression, outputs, fails } of expectations) {
      assert.deepEqual({ expression, ...run(expression) }, { expression, outputs, fails });
    }
  });

  it('gives what a later jq gives, where the recorded one does not know it or does otherwise', () => {
    for (const [source, outputs] of [
      ['"abc" | @base32, (@base32 | @base32d)', ['MFRGG===', 'abc']],
      ['[limit(0; 1, 2)]', [[]]],
      ['try error(null) catch [.]', [[null]]],
      ['"abc" | gsub(""; "-")', ['-a-b-c-']],
      ['"abc" | [match(""; "g").offset]', [[0, 1, 2, 3]]],
      ['"ab" | [match("(a)?(?=b)"; "g").captures[].string]', [['a', null]]],
      ['10 | dateadd("seconds"; 5), datesub("seconds"; 5)', [15, 5]],
      ['[skip(1; 1, 2, 3)], ("xax" | trimstr("x")), (5 | toarray), (-5 | abs)', [[2, 3], 'a', [5], 5]],
      ['have_literal_numbers, have_decnum', [true, false]],
      ['reduce range(3000) as $i (""; . + "a ") | gsub(" "; "") | length', [3000]],
      ['"abab" | [sub("(?<x>a)"; "1", "2")]', [['1bab', '2bab']]],
    ] as const) {
      assert.deepEqual({ source, ...run(source) }, { source, outputs, fails: false });
    }
    assert.equal(run('error(null)').fails, true);
  });

  it('ends what would not end', () => {
    for (const source of [
      '("a" * 40) + "b" | test("^(a+)+$")',
      '"x" * 3000 | test("(x+x+)+y")',
      '"x" * 200000 | test("x*y")',
      'reduce range(60) as $i (1; [., .]) | tojson',
      'reduce range(60) as $i (1; [., .]) | tostring',
      'reduce range(60) as $i (1; [., .]) | "\\(.)"',
      'reduce range(60) as $i (1; [., .]) | @json',
      '[range(300000)] | . as $a | reduce range(900000) as $i (0; $a | length)',
      '"a" * 4000000 | . as $s | reduce range(900000) as $i (0; $s | ascii_downcase | 0)',
      '"a" * 4000000 | . as $s | reduce range(900000) as $i (0; $s[1:] | 0)',
      '("a" * 4000000) as $s | ("a" * 4000000) as $t | reduce range(900000) as $i (0; $s == $t | 0)',
      '[repeat(1)]',
      'def f: f; f',
      '0 | until(false; . + 1)',
      '[range(1e9)]',
      'reduce range(60) as $i ("x"; . + .)',
      'try (def f: f; f) catch 1',
    ]) {
      assert.throws(() => compileJq(source, [])(null, {}, () => false), { name: 'JqLimitError' }, source);
    }
    // What an error says about a value is bounded too.
    assert.deepEqual(run('reduce range(60) as $i (1; [., .]) | try error catch 1'), { outputs: [1], fails: false });
    assert.equal(run('reduce range(60) as $i (1; [., .]) | -.').fails, true);
    assert.throws(() => new ExpressionEvaluator().evaluate('${ reduce range(40) as $i (1; [., .]) }', null, {}), /more than/);
  });
});

describe('ExpressionEvaluator', () => {
  const evaluator = new ExpressionEvaluator();

  it('takes the first result, null if there is none, and gives errors the standard type', () => {
    assert.equal(evaluator.evaluate('${ .a // "d" }', {}, {}), 'd');
    assert.equal(evaluator.evaluate('${ 1, error("late") }', {}, {}), 1);
    assert.equal(evaluator.evaluate('${ empty }', {}, {}), null);
    assert.equal(evaluator.evaluate('${ $context.x.y }', {}, { context: { x: { y: 3 } } }), 3);
    assert.throws(() => evaluator.evaluate('${ .a.b }', { a: 5 }, {}), /Cannot index number with "b"/);
    assert.equal(evaluator.evaluate('${ .constructor }', {}, {}), null);
  });

  it('refuses what would make a replay differ, and unknown names', () => {
    for (const source of ['now', 'input', 'env', '$ENV', 'localtime', '$nope', 'nope(1)', '. |', '1 == 2 == 3', 'break $x']) {
      assert.equal(typeof explainInvalidExpression(`\${ ${source} }`, ['context']), 'string', source);
    }
    assert.equal(explainInvalidExpression('${ $context | {now: .a} }', ['context']), undefined);
  });
});
