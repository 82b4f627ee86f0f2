import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom } from '@loopwright/protocol';
import { highest } from '../program/linear-model.ts';
import { trainSvm } from './linear-svm.ts';
import { trainNaiveBayes } from './naive-bayes.ts';
import { sparseRows } from './sparse-rows.ts';

const counts = [{ a: 1 }, { a: 2, c: 1 }, { b: 1 }, { b: 3, c: 1 }, { d: 1 }, { c: 2, d: 1 }].map(
  (row) => new Map(Object.entries(row)),
);
const rows = sparseRows(counts, { dampen: false, normalise: false });
const truth = [0, 0, 1, 1, 2, 2];
const members = [...truth.keys()];

describe('trainSvm', () => {
  it('separates what can be separated, and gives more weight to what tells the classes apart', () => {
    const model = trainSvm({ rows, members, truth, classes: 3, random: seededRandom(1) }, 10, false);
    for (const [row, label] of truth.entries()) {
      const scores = model.weights.map((weights, place) => {
        const ids = [...(rows.ids[row] ?? [])];
        return (
          (model.bias[place] ?? 0) + ids.reduce((sum, id, at) => sum + (weights[id] ?? 0) * (rows.values[row]?.[at] ?? 0), 0)
        );
      });
      assert.equal(highest(scores), label);
    }
    const weightOf = (label: number, name: string): number => model.weights[label]?.[rows.names.indexOf(name)] ?? 0;
    assert.ok(weightOf(0, 'a') > 0 && weightOf(0, 'b') < 0);
    assert.ok(Math.abs(weightOf(0, 'c')) < weightOf(0, 'a'));
  });

  it('meets the optimality condition of one row: w·x of a lone pair follows from the penalty', () => {
    // One example of each sign with the same single feature of opposite value: the bias is 0 and w = 2C·2 / (1 + 2C·2) by the dual.
    const pair = sparseRows([new Map([['x', 1]]), new Map([['x', -1]])], { dampen: false, normalise: false });
    const model = trainSvm({ rows: pair, members: [0, 1], truth: [1, 0], classes: 2, random: seededRandom(1) }, 0.5, false);
    // Primal: min w²/2 + C·2·(1 − w)²; with C = 1/2: w = 2/3.
    assert.ok(Math.abs((model.weights[1]?.[0] ?? 0) - 2 / 3) < 0.05, String(model.weights[1]?.[0]));
  });
});

describe('trainNaiveBayes', () => {
  it('gives the logarithms of smoothed shares, centred over the classes', () => {
    const task = {
      rows: sparseRows([new Map([['a', 3]]), new Map([['b', 1]])], { dampen: false, normalise: false }),
      members: [0, 1],
    };
    const model = trainNaiveBayes({ ...task, truth: [0, 1], classes: 2, random: seededRandom(1) }, 1);
    // Class 0: (3 + 1) / (3 + 2) for a; class 1: (0 + 1) / (1 + 2).
    const [first, second] = [Math.log(4 / 5), Math.log(1 / 3)];
    assert.ok(Math.abs((model.weights[0]?.[0] ?? 0) - (first - (first + second) / 2)) < 1e-12);
    assert.deepEqual(model.bias, [Math.log(2 / 4), Math.log(2 / 4)]);
  });
});
