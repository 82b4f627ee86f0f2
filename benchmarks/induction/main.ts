// How good and how fast induced programs are: `npm run bench -- induction [--json] [--seeds 5] [--no-peers] [--only questions] [--data FILE]`.
// The score of a seed is that of one program on its own hold-out; the mean is over programs, the minimum the worst of them. Published classifiers learn from and
// are asked the same examples as the program of the first seed.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildProgram, noJail, openSandbox } from '@loopwright/edge';
import { type LabelledExample, canonicalJson, labelledExampleSchema, systemClock } from '@loopwright/protocol';
import { readUdhr } from '../../apps/cli/src/demo/udhr.ts';
import { induce } from '../../apps/generator/src/induction/induce.ts';
import { type Peer, PEERS, installPeers } from './peers.ts';
import { questions } from './questions.ts';

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
  /** Largest memory of this process so far. */
  readonly memoryMb: number;
}

/** A published classifier on the split of one program. */
interface PeerRun {
  readonly name: string;
  readonly accuracy: number;
  readonly learnSeconds: number;
  readonly askMs: number;
}

/** Questions of the stand-in for intent data of 77 classes. */
const QUESTIONS = 10_000;

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seeds: { type: 'string', default: '5' },
    'no-peers': { type: 'boolean', default: false },
    only: { type: 'string' },
    data: { type: 'string' },
  },
});
const print = (line: string): void => {
  if (!values.json) process.stdout.write(`${line}\n`);
};
const peers = values['no-peers'] || !installPeers((text) => void process.stderr.write(`${text}\n`)) ? [] : PEERS;

const results: Record<string, unknown> = {};
for (const [name, examples] of await dataSets()) {
  if (examples === undefined) {
    print(`${name}: skipped, ../shared/data/sms-spam.jsonl is not there`);
    continue;
  }
  const classes = new Set(examples.map((example) => example.output)).size;
  print(`${name}: ${examples.length} examples, ${classes} classes`);
  const runs: Run[] = [];
  const others: PeerRun[] = [];
  for (let seed = 1; seed <= Number(values.seeds); seed += 1) {
    const { run, heldOut } = await measure(name, examples, seed);
    runs.push(run);
    print(
      `  seed ${seed}: ${percent(run.accuracy)} of ${run.holdOut} (${percent(run.low)} to ${percent(run.high)}), ${run.seconds.toFixed(1)} s, ` +
        `sandbox p50 ${run.sandboxP50Ms.toFixed(3)} ms, p99 ${run.sandboxP99Ms.toFixed(3)} ms, ${run.sourceKb} KB, ${run.memoryMb} MB, ${run.model}`,
    );
    if (seed > 1) continue;
    for (const peer of peers) {
      const found = measurePeer(peer, examples, heldOut);
      print(
        `    ${found.name}: ${percent(found.accuracy)}, learned in ${found.learnSeconds.toFixed(1)} s, ${found.askMs.toFixed(3)} ms an answer`,
      );
      others.push(found);
    }
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
  results[name] = { examples: examples.length, classes, ...summary, runs, peers: others };
}
if (values.json) process.stdout.write(`${JSON.stringify(results, undefined, 2)}\n`);

async function dataSets(): Promise<[string, readonly LabelledExample[] | undefined][]> {
  if (values.data !== undefined) return [[values.data, readExamples(values.data)]];
  const path = fileURLToPath(new URL('../../../shared/data/sms-spam.jsonl', import.meta.url));
  const { examples } = await readUdhr();
  const all: [string, readonly LabelledExample[] | undefined][] = [
    ['sms-spam', existsSync(path) ? readExamples(path) : undefined],
    ['udhr', examples.map(({ input, output }) => ({ input: { ...input }, output }))],
    ['questions', questions(QUESTIONS, 1)],
  ];
  return all.filter(([name]) => values.only === undefined || values.only === name);
}

function readExamples(path: string): LabelledExample[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => labelledExampleSchema.parse(JSON.parse(line)));
}

/** What a classifier makes of the split: it learns from every example whose input is not held out. */
function measurePeer({ name, learn }: Peer, examples: readonly LabelledExample[], heldOut: readonly LabelledExample[]): PeerRun {
  const held = new Set(heldOut.map(({ input }) => canonicalJson(input)));
  const training = new Map(examples.map((example) => [canonicalJson(example.input), example]));
  for (const key of held) training.delete(key);
  const started = performance.now();
  const classify = learn([...training.values()].map(textOf));
  const learned = performance.now();
  let right = 0;
  for (const { text, label } of heldOut.map(textOf)) if (classify(text) === label) right += 1;
  const asked = performance.now();
  return {
    name,
    accuracy: right / heldOut.length,
    learnSeconds: (learned - started) / 1000,
    askMs: (asked - learned) / heldOut.length,
  };
}

function textOf({ input, output }: LabelledExample): { text: string; label: string } {
  const text = typeof input === 'object' && input !== null && 'text' in input ? input['text'] : input;
  if (typeof text !== 'string') throw new Error('Cannot compare: an input has no text');
  return { text, label: typeof output === 'string' ? output : JSON.stringify(output) };
}

async function measure(
  name: string,
  examples: readonly LabelledExample[],
  seed: number,
): Promise<{ run: Run; heldOut: readonly LabelledExample[] }> {
  const started = performance.now();
  const task = {
    programName: name,
    taskDescription: name,
    unknownLabel: null,
    accuracyTarget: null,
    goal: 'classification' as const,
  };
  const result = induce({ ...task, examples, seed, clock: systemClock });
  if (!result.ok) throw new Error(`Cannot learn ${name}: ${result.refused.reason}`);
  const seconds = (performance.now() - started) / 1000;
  const { report, heldOut, files } = result;
  const memoryMb = Math.round(process.resourceUsage().maxRSS / 1024);
  if (report.goal !== 'classification') throw new Error(`Cannot compare ${name}: it is a ${report.goal}`);
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
  const run: Run = {
    seed,
    model: report.model,
    holdOut: report.holdout.n,
    accuracy: report.holdout.accuracy,
    low: report.holdout.low,
    high: report.holdout.high,
    seconds,
    sourceKb: Math.round(report.sourceBytes / 1024),
    sandboxP50Ms: steady[Math.floor(steady.length / 2)] ?? 0,
    memoryMb,
    sandboxP99Ms: steady[Math.floor(steady.length * 0.99)] ?? 0,
  };
  return { run, heldOut };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
