// `npm run fuzz -- [--count N] [--seed N]`: requests made from the OpenAPI document against a real server; exit code 1 when one breaks it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startTestServer } from '../../apps/server/src/server-fixture.ts';
import { FUZZ_WORKFLOWS } from './definitions.ts';
import { fuzz } from './fuzz.ts';

const { values } = parseArgs({
  options: { count: { type: 'string', default: '20000' }, seed: { type: 'string', default: '1' } },
});
const [count, seed] = [Number(values.count), Number(values.seed)];
if (!Number.isInteger(count) || !Number.isInteger(seed) || count < 1)
  throw new Error('Cannot fuzz: --count and --seed take numbers');
const print = (line: string): void => void process.stdout.write(`${line}\n`);

const dir = mkdtempSync(join(tmpdir(), 'loopwright-fuzz-'));
const workflows = join(dir, 'workflows');
mkdirSync(workflows);
for (const [name, text] of Object.entries(FUZZ_WORKFLOWS)) writeFileSync(join(workflows, name), text);
const server = await startTestServer(['--data-dir', join(dir, 'data'), '--workflows-dir', workflows, '--log-level', 'error']);
while ((await fetch(`${server.url}/ready`)).status !== 200) await setTimeout(50);
const started = performance.now();
const report = await fuzz({
  url: server.url,
  pid: server.process.pid ?? 0,
  seed,
  count,
  report: (done) => {
    print(`${done} of ${count} requests`);
    // What it ended or drained on the way runs again, so that there is something to attack.
    for (const name of ['edge', 'generator'])
      void fetch(`${server.url}/api/v1/modules/${name}/start`, { method: 'POST' }).catch(() => undefined);
  },
});
const seconds = (performance.now() - started) / 1000;
await server.stop();
print(
  `${count} requests in ${seconds.toFixed(0)} s (${(count / seconds).toFixed(0)}/s); ${report.reached.join(' of ')} operations answered 2xx`,
);
print(
  Object.entries(report.answers)
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([kind, number]) => `${kind}: ${number}`)
    .join(', '),
);
print(`memory of the server: ${report.memoryMib[0]} MiB after a quarter, ${report.memoryMib[1]} MiB at the end`);
for (const problem of report.problems) print(problem);
// Twelve callers interleave, so the same seed makes requests of the same kinds but not the same run.
if (report.problems.length > 0)
  print(`Try it again with: npm run fuzz -- --seed ${seed} --count ${count}; the data are in ${dir}`);
else rmSync(dir, { recursive: true, force: true });
process.exitCode = report.problems.length === 0 ? 0 : 1;
