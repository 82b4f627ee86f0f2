// `npm run test:chaos`: modules that are killed, stopped, slow, flooding and lying about lengths, under load. `--seed N --requests N --restarts N`.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { runChaos } from './chaos.ts';
import { isInTime, problemsOf } from './verdict.ts';

const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? otherwise : Number(process.argv[at + 1]);
};
setFlagsFromString('--expose-gc');
const began = performance.now();
const report = await runChaos({
  seed: option('seed', 1),
  requests: option('requests', 10_000),
  restarts: option('restarts', 200),
  timeoutMs: 1500,
  callers: 24,
  collect: runInNewContext('gc') as () => void,
  onProgress: (text) => process.stderr.write(`${text}\n`),
});
const seconds = Math.round((performance.now() - began) / 100) / 10;
const problems = [
  ...problemsOf(report),
  ...(isInTime(report) ? [] : [`a request took ${report.worstOverrunMs} ms beyond its time`]),
];
process.stdout.write(`${JSON.stringify({ ...report, unclean: report.unclean.length, seconds, problems }, undefined, 2)}\n`);
process.exit(problems.length === 0 ? 0 : 1);
