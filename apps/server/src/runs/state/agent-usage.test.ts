import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RecordedUsage } from './recorded-usage.ts';
import { costsOf, merged, tokensOf } from './agent-usage.ts';

const usage = (more: Partial<RecordedUsage>): RecordedUsage => {
  return {
    agent: 'a',
    provider: 'p',
    model: 'm',
    calls: 1,
    token_usage: { input: 1, output: 2 },
    total_tokens: 3,
    cost_usd: 0.1,
    estimate: null,
    ...more,
  };
};

describe('what agents used', () => {
  it('is added up without binary fractions', () => {
    assert.equal(costsOf([usage({}), usage({ cost_usd: 0.2 })]), 0.3);
    assert.deepEqual(tokensOf([usage({}), usage({})]), { input: 2, output: 4 });
  });

  it('is null, not less, when a part of it is not known, and null when there is none', () => {
    assert.equal(costsOf([usage({}), usage({ cost_usd: null })]), null);
    assert.equal(tokensOf([usage({}), usage({ token_usage: null })]), null);
    assert.deepEqual([costsOf([]), tokensOf([])], [null, null]);
    assert.equal(costsOf([usage({ cost_usd: 0 })]), 0, 'what costs nothing is known');
  });

  it('is put together for the same agent with the same model', () => {
    const all = merged([usage({}), usage({ model: 'other' }), usage({ calls: 2, total_tokens: null })]);
    assert.deepEqual(
      all.map(({ model, calls, total_tokens }) => [model, calls, total_tokens]),
      [
        ['m', 3, null],
        ['other', 1, 3],
      ],
    );
  });

  it('has an estimate only when each part of it has one', () => {
    const estimate = { usd: 0.1, low_usd: 0.05, high_usd: 0.3, reason: null };
    const none = { usd: null, low_usd: null, high_usd: null, reason: '2 calls of this kind were measured' };
    const of = (...all: RecordedUsage['estimate'][]): unknown =>
      merged(all.map((one) => usage({ estimate: one }))).map((one) => one.estimate);
    assert.deepEqual(of(estimate, estimate), [{ usd: 0.2, low_usd: 0.1, high_usd: 0.6, reason: null }]);
    assert.deepEqual(of(estimate, none), [none]);
    assert.deepEqual(of(null, estimate), [{ ...none, reason: 'nothing was estimated before some of its calls' }]);
    assert.deepEqual(of(null, null), [null]);
  });
});
