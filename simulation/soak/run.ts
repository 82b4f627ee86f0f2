// `npm run test:soak -- [--minutes N] [--kills N] [--server-kills N] [--dataset-kills N] [--wall-kills N] [--seed N]`: soaks an edge for N minutes at half load,
// kills an engine, a whole server, and a writer of executions at random instants, then the control plane at every named point and at random ones.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seededRandom } from '@loopwright/protocol';
import { killWriters } from './dataset-kills.ts';
import { runEdgeSoak } from './edge/run-edge-soak.ts';
import { soak } from './soak.ts';

/** Kills after which the definitions change. */
const KILLS_A_ROUND = 50;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    kills: { type: 'string', default: '450' },
    'server-kills': { type: 'string', default: '50' },
    'dataset-kills': { type: 'string', default: '100' },
    'wall-kills': { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
});
const [minutes = 0, kills = 0, serverKills = 0, datasetKills = 0, wallKills = 0, seed = 0] = [
  values.minutes,
  values.kills,
  values['server-kills'],
  values['dataset-kills'],
  values['wall-kills'],
  values.seed,
].map(Number);
if (![minutes, kills, serverKills, datasetKills, wallKills, seed].every(Number.isInteger))
  throw new Error(
    'Cannot run the soak: --minutes, --kills, --server-kills, --dataset-kills, --wall-kills and --seed take numbers',
  );
const print = (line: string): void => void process.stdout.write(`${line}\n`);

let found: readonly string[] = minutes > 0 ? await runEdgeSoak(minutes, seed, print) : [];
for (let done = 0, round = seed; done < kills && found.length === 0; done += KILLS_A_ROUND, round += 1) {
  const dir = mkdtempSync(join(tmpdir(), 'loopwright-soak-'));
  const wanted = Math.min(KILLS_A_ROUND, kills - done);
  const result = await soak({
    dir,
    kills: wanted,
    seed: round * 1000,
    random: seededRandom(round),
    report: (count, executions) =>
      count % 10 === 0 && print(`${done + count} of ${kills} kills, ${executions} executions in this round`),
  });
  found = result.problems;
  const text = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ');
  print(`round ${round}: ${wanted} kills, ${result.earlyKills} before the process was up; ${result.runs} runs of steps`);
  print(`  executions: ${text(result.executions)}; orders: ${text(result.orders)}`);
  if (found.length === 0) rmSync(dir, { recursive: true, force: true });
  else
    print(
      `${found.slice(0, 50).join('\n')}\nThe folder is kept: ${dir}\nRepeat it with: npm run test:soak -- --seed ${round} --kills ${wanted}`,
    );
}
if (found.length === 0 && serverKills > 0) {
  const settings = { CRASH_KILLS: String(serverKills), CRASH_SEED: String(seed) };
  if (!passes(['crash.test.ts'], settings)) found = ['the server did not keep what it acknowledged'];
  else print(`the whole server: ${serverKills} kills, everything kept`);
}
if (found.length === 0 && datasetKills > 0) {
  const dir = mkdtempSync(join(tmpdir(), 'loopwright-soak-'));
  const { problems, acknowledged, stored, tornLines } = await killWriters({
    dir,
    kills: datasetKills,
    random: seededRandom(seed),
  });
  found = problems;
  print(`executions: ${datasetKills} kills, ${acknowledged} acknowledged, ${stored} stored, ${tornLines} torn lines repaired`);
  if (found.length === 0) rmSync(dir, { recursive: true, force: true });
  else print(`${found.join('\n')}\nThe folder is kept: ${dir}`);
}
if (found.length === 0 && wallKills > 0) {
  const settings = { WALL_KILLS: String(wallKills), WALL_SEED: String(seed) };
  const tests = ['crash/crash.test.ts', 'crash/long-crash.test.ts'];
  if (!passes(tests, settings)) found = ['the control plane did not keep what it acknowledged'];
  else print(`the control plane: every named point and ${wallKills} random rounds, everything kept`);
}
process.exitCode = found.length === 0 ? 0 : 1;

/** Runs tests of the server, one after the other. */
function passes(tests: readonly string[], settings: Readonly<Record<string, string>>): boolean {
  const folder = join(import.meta.dirname, '..', '..', 'apps', 'server', 'src');
  const flags = process.execArgv.filter((flag) => flag.startsWith('--conditions'));
  const files = tests.map((test) => join(folder, test));
  const { status } = spawnSync(process.execPath, [...flags, '--test', '--test-concurrency=1', ...files], {
    stdio: 'inherit',
    env: { ...process.env, ...settings },
  });
  return status === 0;
}
