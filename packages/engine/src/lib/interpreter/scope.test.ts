import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Scope, TaskBudget } from './scope.ts';

describe('Scope', () => {
  it('counts visits', () => {
    const scope = new Scope('outer');
    assert.deepEqual([scope.visit('a'), scope.visit('b'), scope.visit('a')], ['outer/a', 'outer/b', 'outer/a#2']);
  });

  it('never gives two tasks one key, whatever their names', () => {
    const name = fc.string({ unit: fc.constantFrom('a', '/', '#', '@', '~', '1', '2') });
    fc.assert(
      fc.property(fc.array(name), (names) => {
        const scope = new Scope();
        assert.equal(new Set(names.map((one) => scope.visit(one))).size, names.length);
      }),
    );
    assert.notEqual(new Scope(new Scope().visit('a')).visit('b'), new Scope().visit('a/b'));
    assert.doesNotMatch(new Scope().visit('x@try-1'), /@/);
  });
});

describe('TaskBudget', () => {
  it('ends with an error at its limit', () => {
    const budget = new TaskBudget();
    for (let count = 0; count < 10_000; count += 1) budget.spend();
    assert.throws(() => budget.spend(), /the execution ran 10000, which is the limit/);
  });
});
