import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isDeeperThan } from './json-depth.ts';

function depthOf(value: unknown): number {
  return typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
}

describe('isDeeperThan()', () => {
  it('counts as the parsed value does, whatever stands in strings', () => {
    const text = fc.stringMatching(/^["\\[\]{}a]{0,6}$/);
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 6 },
        text,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(text, tie('tree'), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const depth = depthOf(value);
        assert.equal(isDeeperThan(depth, JSON.stringify(value)), false);
        if (depth > 0) assert.equal(isDeeperThan(depth - 1, JSON.stringify(value)), true);
      }),
    );
  });

  it('comes to an end on a text that is cut', () => {
    for (const cut of ['"', '"\\', '{"a', '[', '[[[', '\\"'.repeat(3)]) assert.equal(isDeeperThan(9, cut), false, cut);
  });
});
