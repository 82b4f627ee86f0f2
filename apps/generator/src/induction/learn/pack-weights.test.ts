import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom } from '@loopwright/protocol';
import { readPackedWeights } from '../program/packed-weights.ts';
import { packWeights } from './pack-weights.ts';
import type { DenseModel } from './sparse-rows.ts';

const CLASSES = 100;
const NAMES = Array.from({ length: 400 }, (_, at) => (at % 3 === 0 ? `~日${at}` : at % 3 === 1 ? `word${at}` : `"\\${at}`));

function model(): DenseModel {
  const random = seededRandom(3);
  const weights = Array.from({ length: CLASSES }, () =>
    Float64Array.from(NAMES, () => (random.next() < 0.2 ? (random.next() - 0.5) * 8 : 0)),
  );
  return { weights, bias: weights.map(() => 0), documents: Float64Array.from(NAMES, () => 1 + Math.floor(random.next() * 50)) };
}

describe('packWeights', () => {
  it('reads back every weight of a hundred classes within half a step', () => {
    const dense = model();
    const { lines, largest, features } = packWeights(dense, NAMES, 1_000_000);
    const read = readPackedWeights(lines, largest);
    assert.equal(features, NAMES.length);
    for (const [id, name] of NAMES.entries()) {
      const codes = read.get(name) ?? [];
      const found = new Map(codes.flatMap((place, at) => (at % 2 === 0 ? [[place, codes[at + 1] ?? 0] as const] : [])));
      for (const [label, vector] of dense.weights.entries()) {
        const [weight, packed] = [vector[id] ?? 0, found.get(label) ?? 0];
        const root = (value: number): number => Math.sign(value) * Math.sqrt(Math.abs(value) / largest);
        assert.ok(Math.abs(root(weight) - root(packed)) <= 0.5 / 31 + 1e-9, `${name} ${label}: ${weight} became ${packed}`);
      }
    }
  });

  it('keeps to its bytes, and what matters most', () => {
    const dense = model();
    const { lines, largest } = packWeights(dense, NAMES, 6000);
    assert.ok(Buffer.byteLength(lines.join('\n')) <= 6000);
    const kept = readPackedWeights(lines, largest);
    const sizeOf = (id: number): number =>
      Math.max(...dense.weights.map((vector) => Math.abs(vector[id] ?? 0) * Math.sqrt(dense.documents[id] ?? 0)));
    const [least, most] = [...NAMES.keys()].sort((a, b) => sizeOf(a) - sizeOf(b)).filter((_, at) => at === 0 || at === 399);
    assert.ok(kept.has(NAMES[most ?? 0] ?? ''));
    assert.ok(!kept.has(NAMES[least ?? 0] ?? ''));
  });
});
