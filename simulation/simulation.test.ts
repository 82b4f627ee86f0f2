import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { chooseBySeed, chooseByTape } from './choices.ts';
import { everyCrashPoint } from './crash-points.ts';
import { generatePlan } from './plan.ts';
import { simulate } from './simulate.ts';

/** More of them in `npm run simulate`. */
const SEEDS = 150;
/** Short plans that have most kinds of tasks: each of their writes meets each fault. */
const CRASHED_SEEDS = [2, 124];

describe('the embedded engine in the simulation', () => {
  it('keeps what it acknowledged and follows the model, whatever definition, signals, faults and crashes', async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { problems } = await simulate(generatePlan(chooseBySeed(seed)));
      assert.deepEqual(problems, [], `npm run simulate -- --seed ${seed}`);
    }
  });

  it('does so when every single write of a plan is refused, lost, or the end of the process', async () => {
    for (const seed of CRASHED_SEEDS) {
      for await (const { operation, fault, problems } of everyCrashPoint(generatePlan(chooseBySeed(seed))))
        assert.deepEqual(problems, [], `${fault} at the write ${operation}: npm run simulate -- --seed ${seed} --crash-points`);
    }
  });

  it('does so for plans that shrink to the smallest that fails', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(1000), { minLength: 40, maxLength: 300 }), async (tape) => {
        const { problems } = await simulate(generatePlan(chooseByTape(tape)));
        assert.deepEqual(problems, []);
      }),
      { numRuns: 80 },
    );
  });

  it('gives the same events for the same seed', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const [one, other] = [await simulate(generatePlan(chooseBySeed(seed))), await simulate(generatePlan(chooseBySeed(seed)))];
      assert.equal(one.log, other.log);
    }
  });
});
