// How good and how fast induced programs are: `node scripts/run.mjs benchmarks/induction.ts [--json] [--seeds 5]`.
// The score of a seed is that of one program on its own hold-out; the mean is over programs, the minimum the worst of them.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildProgram, noJail, openSandbox } from '@loopwright/edge';
import { type LabelledExample, labelledExampleSchema, systemClock } from '@loopwright/protocol';
import { readUdhr } from '../apps/cli/src/demo/udhr.ts';
import { induce } from '../apps/generator/src/induction/induce.ts';

/** One program: one data set, one seed. */
interface Run {
  readonly seed: number;
  readonly model: string;
  readonly holdOut: number;
  readonly accuracy: number;
  readonly low: number;
  readonly high: number;
  readonly seconds: number;
  readonly sourceKb: number;
  readonly sandboxP50Ms: number;
  readonly sandboxP99Ms: number;
}

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false }, seeds: { type: 'string', default: '5' } } });
const print = (line: string): void => {
  if (!values.json) process.stdout.write(`${line}\n`);
};

const results: Record<string, unknown> = {};
for (const [name, examples] of await dataSets()) {
  if (examples === undefined) {
    print(`${name}: skipped, ../shared/data/sms-spam.jsonl is not there`);
    continue;
  }
  const classes = new Set(examples.map((example) => example.output)).size;
  print(`${name}: ${examples.length} examples, ${classes} classes`);
  const runs: Run[] = [];
  for (let seed = 1; seed <= Number(values.seeds); seed += 1) {
    const run = await measure(name, examples, seed);
    runs.push(run);
    print(
      `  seed ${seed}: ${percent(run.accuracy)} of ${run.holdOut} (${percent(run.low)} to ${percent(run.high)}), ${run.seconds.toFixed(1)} s, ` +
        `sandbox p50 ${run.sandboxP50Ms.toFixed(3)} ms, p99 ${run.sandboxP99Ms.toFixed(3)} ms, ${run.sourceKb} KB, ${run.model}`,
    );
  }
  const accuracies = runs.map((run) => run.accuracy);
  const summary = {
    mean: accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / accuracies.length,
    min: Math.min(...accuracies),
    slowestSeconds: Math.max(...runs.map((run) => run.seconds)),
    slowestP50Ms: Math.max(...runs.map((run) => run.sandboxP50Ms)),
  };
  print(
    `  mean ${percent(summary.mean)}, minimum ${percent(summary.min)}, slowest generation ${summary.slowestSeconds.toFixed(1)} s`,
  );
  results[name] = { examples: examples.length, classes, ...summary, runs };
}
if (values.json) process.stdout.write(`${JSON.stringify(results, undefined, 2)}\n`);

async function dataSets(): Promise<[string, readonly LabelledExample[] | undefined][]> {
  const path = fileURLToPath(new URL('../../shared/data/sms-spam.jsonl', import.meta.url));
  const spam = existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => labelledExampleSchema.parse(JSON.parse(line)))
    : undefined;
  const { examples } = await readUdhr();
  return [
    ['sms-spam', spam],
    ['udhr', examples.map(({ input, output }) => ({ input: { ...input }, output }))],
  ];
}

async function measure(name: string, examples: readonly LabelledExample[], seed: number): Promise<Run> {
  const started = performance.now();
  const task = { programName: name, taskDescription: name, unknownLabel: null, accuracyTarget: null };
  const result = induce({ ...task, examples, seed, clock: systemClock });
  if (!result.ok) throw new Error(`Cannot learn ${name}: ${result.refused.reason}`);
  const seconds = (performance.now() - started) / 1000;
  const { report, heldOut, files } = result;
  const built = await buildProgram(files[0]?.content ?? '');
  await using sandbox = await openSandbox({ clock: systemClock, jail: noJail, workers: 1 });
  const program = { key: built.digest, code: built.code };
  const latencies: number[] = [];
  let right = 0;
  for (const example of [...heldOut.slice(0, 50), ...heldOut]) {
    const answer = await sandbox.run(program, JSON.stringify(example.input));
    if (answer.status !== 'success') throw new Error(`Cannot run ${name}: ${answer.message}`);
    latencies.push(answer.latencyMs);
    if (latencies.length > 50 && JSON.parse(answer.outputJson) === example.output) right += 1;
  }
  if (right / heldOut.length !== report.holdout.accuracy)
    throw new Error(`Cannot trust ${name}: the sandbox gives another score`);
  const steady = latencies.slice(50).sort((a, b) => a - b);
  return {
    seed,
    model: report.model,
    holdOut: report.holdout.n,
    accuracy: report.holdout.accuracy,
    low: report.holdout.low,
    high: report.holdout.high,
    seconds,
    sourceKb: Math.round(report.sourceBytes / 1024),
    sandboxP50Ms: steady[Math.floor(steady.length / 2)] ?? 0,
    sandboxP99Ms: steady[Math.floor(steady.length * 0.99)] ?? 0,
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
