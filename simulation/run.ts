// `npm run simulate -- --seed N [--count M] [--crash-points]`: runs the plans of seeds N … N+M-1; the first that fails is printed, exit
// code 1. With `--crash-points` each plan runs once for every fault at every write of the store that it makes.
import { inspect, parseArgs } from 'node:util';
import { chooseBySeed } from './choices.ts';
import { everyCrashPoint } from './crash-points.ts';
import { type Plan, generatePlan } from './plan.ts';
import { simulate } from './simulate.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '1' },
    'crash-points': { type: 'boolean', default: false },
  },
});
const first = Number(values.seed);
const count = Number(values.count);
if (!Number.isInteger(first) || !Number.isInteger(count) || count < 1)
  throw new Error('Cannot simulate: --seed and --count take numbers');
const started = performance.now();
let runs = 0;
for (let seed = first; seed < first + count; seed += 1) {
  const plan = generatePlan(chooseBySeed(seed));
  const found = values['crash-points'] ? await problemsOfCrashPoints(plan) : await problemsOfPlan(plan, seed);
  if (found.length > 0) {
    print(plan);
    const mode = values['crash-points'] ? ' --crash-points' : '';
    process.stdout.write(`${found.join('\n')}\nRepeat it with: npm run simulate -- --seed ${seed}${mode}\n`);
    process.exit(1);
  }
  const done = seed - first + 1;
  if (done % 500 === 0 || done === count || (values['crash-points'] && done % 10 === 0)) {
    const rate = (runs / ((performance.now() - started) / 1000)).toFixed(0);
    process.stdout.write(`${done} of ${count} seeds clean (${runs} runs, ${rate}/s)\n`);
  }
}

async function problemsOfPlan(plan: Plan, seed: number): Promise<readonly string[]> {
  const { problems, log } = await simulate(plan);
  runs += 1;
  if (problems.length > 0) return [log, ...problems];
  // Every tenth run is repeated: equal seeds must give equal events.
  const again = seed % 10 === 0 ? await simulate(plan) : { log };
  return again.log === log ? [] : ['the second run of the seed gave other events'];
}

async function problemsOfCrashPoints(plan: Plan): Promise<readonly string[]> {
  for await (const { operation, fault, problems } of everyCrashPoint(plan)) {
    runs += 1;
    if (problems.length > 0) return [`${fault} at the write ${operation}:`, ...problems];
  }
  return [];
}

function print({ flows, actions }: Plan): void {
  process.stdout.write(`${inspect(flows, { depth: null, compact: 4, breakLength: 150 })}\n`);
  for (const [index, { action, turns }] of actions.entries())
    process.stdout.write(
      `${index}: ${JSON.stringify(action)}, then ${turns === null ? 'until all is quiet' : `${turns} turns`}\n`,
    );
}
