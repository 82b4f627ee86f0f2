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
const expectations = z.array(expectation).parse(JSON.parse(readFileSync(file, 'utf8')));

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

  it('ends what would not end', () => {
    for (const source of [
      '[repeat(1)]',
      'def f: f; f',
      '0 | until(false; . + 1)',
      '[range(1e9)]',
      'reduce range(60) as $i ("x"; . + .)',
      'try (def f: f; f) catch 1',
    ]) {
      assert.throws(() => compileJq(source, [])(null, {}, () => false), { name: 'JqLimitError' }, source);
    }
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
