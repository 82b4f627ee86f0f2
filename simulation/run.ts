// `npm run simulate -- --seed N [--count M]`: runs the plans of seeds N … N+M-1; the first that fails is printed, exit code 1.
import { parseArgs } from 'node:util';
import { chooseBySeed } from './choices.ts';
import { generatePlan } from './plan.ts';
import { simulate } from './simulate.ts';

const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' }, count: { type: 'string', default: '1' } } });
const first = Number(values.seed);
const count = Number(values.count);
if (!Number.isInteger(first) || !Number.isInteger(count) || count < 1)
  throw new Error('Cannot simulate: --seed and --count take numbers');
const started = performance.now();
for (let seed = first; seed < first + count; seed += 1) {
  const plan = generatePlan(chooseBySeed(seed));
  const { problems, log } = await simulate(plan);
  // Every tenth run is repeated: equal seeds must give equal events.
  const again = seed % 10 === 0 ? await simulate(plan) : { log };
  const found = again.log === log ? problems : [...problems, 'the second run of the seed gave other events'];
  if (found.length > 0) {
    process.stdout.write(`${JSON.stringify(plan.list, null, 1)}\n`);
    for (const [index, { action, turns }] of plan.actions.entries()) {
      process.stdout.write(
        `${index}: ${JSON.stringify(action)}, then ${turns === null ? 'until all is quiet' : `${turns} turns`}\n`,
      );
    }
    process.stdout.write(`${log}\n${found.join('\n')}\nRepeat it with: npm run simulate -- --seed ${seed}\n`);
    process.exit(1);
  }
  const done = seed - first + 1;
  if (done % 500 === 0 || done === count) {
    const rate = (done / ((performance.now() - started) / 1000)).toFixed(0);
    process.stdout.write(`${done} of ${count} seeds clean (${rate}/s)\n`);
  }
}
