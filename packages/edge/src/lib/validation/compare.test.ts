import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareOutputs } from './compare.ts';

const plain = { threshold: 0.8, fields: {} };

describe('compareOutputs()', () => {
  it('exact: equal values, texts without regard to case and outer spaces', () => {
    const exact = { method: 'exact', ...plain } as const;
    assert.deepEqual(compareOutputs(' Spam', 'spam', exact), { match: true, similarity: 1, fields: [] });
    assert.equal(compareOutputs({ a: 1, b: 2 }, { b: 2, a: 1 }, exact).match, true);
    assert.equal(compareOutputs('spam', 'ham', exact).match, false);
    assert.equal(compareOutputs(1, '1', exact).match, false);
  });

  it('fuzzy: by the distance of texts and of numbers, from the threshold on', () => {
    const fuzzy = { method: 'fuzzy', ...plain } as const;
    assert.equal(compareOutputs('kitten', 'sitting', fuzzy).similarity.toFixed(3), (1 - 3 / 7).toFixed(3));
    assert.equal(compareOutputs('12 High Street', '12 High Streets', fuzzy).match, true);
    assert.equal(compareOutputs('12 High Street', '7 Low Road', fuzzy).match, false);
    assert.equal(compareOutputs(100, 90, fuzzy).similarity, 0.9);
    assert.equal(compareOutputs(1, -1, fuzzy).similarity, 0);
    const long = Array.from({ length: 10_000 }, (_, index) => `w${index}`).join(' ');
    assert.ok(compareOutputs(long, `${long} more`, fuzzy).similarity > 0.99);
    assert.equal(compareOutputs(long, 'x'.repeat(1000), fuzzy).match, false);
    assert.equal(compareOutputs('', '', fuzzy).similarity, 1);
  });

  it('structured: field by field, each in its way, and says which are wrong', () => {
    const structured = { method: 'structured', threshold: 0.75, fields: { name: 'fuzzy', at: 'ignore' } } as const;
    const right = { name: 'Ann Smith', city: 'Rome', total: 3, at: '2026' };
    const given = { name: 'Ann Smyth', city: 'Rome', total: 4, at: '1999' };
    assert.deepEqual(compareOutputs(given, right, structured), { match: false, similarity: 2 / 3, fields: ['total'] });
    assert.equal(compareOutputs({ ...given, total: 3 }, right, structured).match, true);
    assert.deepEqual(compareOutputs({ city: 'Rome', total: 3, extra: 1 }, right, structured).fields.toSorted(), [
      'extra',
      'name',
    ]);
    assert.equal(compareOutputs('text', right, structured).match, false);
  });
});
