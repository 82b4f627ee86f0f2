import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LatencySketch, RELATIVE_ERROR, latencySketchSchema } from './latency-sketch.ts';

const latency = fc.oneof(fc.constant(0), fc.double({ min: 1e-3, max: 100_000, noNaN: true }), fc.integer({ min: 1, max: 5 }));

describe('LatencySketch', () => {
  it('gives every quantile within its relative error, in parts added together as in one, stored and restored', () => {
    fc.assert(
      fc.property(fc.array(latency, { minLength: 1, maxLength: 300 }), fc.integer({ min: 0, max: 300 }), (values, cut) => {
        const one = new LatencySketch();
        const other = new LatencySketch();
        for (const value of values.slice(0, cut)) one.add(value);
        for (const value of values.slice(cut)) other.add(value);
        one.merge(other);
        const sketch = LatencySketch.fromJson(latencySketchSchema.parse(JSON.parse(JSON.stringify(one.toJson()))));
        const sorted = values.toSorted((a, b) => a - b);
        assert.equal(sketch.count, values.length);
        assert.ok(Math.abs(sketch.mean - values.reduce((sum, value) => sum + value, 0) / values.length) <= 1e-9 * 100_000);
        for (const p of [0, 0.25, 0.5, 0.9, 0.99, 1]) {
          const exact = sorted[Math.min(Math.trunc(values.length * p), values.length - 1)] ?? 0;
          const error = Math.abs(sketch.quantile(p) - exact);
          assert.ok(error <= RELATIVE_ERROR * exact * 1.000001, `${p}: ${sketch.quantile(p)} for ${exact}`);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is 0 without values', () => {
    const sketch = new LatencySketch();
    assert.deepEqual([sketch.mean, sketch.quantile(0.5), sketch.count], [0, 0, 0]);
  });
});
