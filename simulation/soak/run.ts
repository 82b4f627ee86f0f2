// `npm run test:soak -- [--kills N] [--server-kills N] [--dataset-kills N] [--seed N]`: kills an engine, a whole server, and a writer of
// executions at random instants.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seededRandom } from '@loopwright/protocol';
import { killWriters } from './dataset-kills.ts';
import { soak } from './soak.ts';

/** Kills after which the definitions change. */
const KILLS_A_ROUND = 50;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '450' },
    'server-kills': { type: 'string', default: '50' },
    'dataset-kills': { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
  },
});
const [kills = 0, serverKills = 0, datasetKills = 0, seed = 0] = [
  values.kills,
  values['server-kills'],
  values['dataset-kills'],
  values.seed,
].map(Number);
if (![kills, serverKills, datasetKills, seed].every(Number.isInteger))
  throw new Error('Cannot run the soak: --kills, --server-kills, --dataset-kills and --seed take numbers');
const print = (line: string): void => void process.stdout.write(`${line}\n`);

let found: readonly string[] = [];
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
  const test = join(import.meta.dirname, '..', '..', 'apps', 'server', 'src', 'crash.test.ts');
  const flags = process.execArgv.filter((flag) => flag.startsWith('--conditions'));
  const { status } = spawnSync(process.execPath, [...flags, '--test', test], {
    stdio: 'inherit',
    env: { ...process.env, CRASH_KILLS: String(serverKills), CRASH_SEED: String(seed) },
  });
  if (status !== 0) found = ['the server did not keep what it acknowledged'];
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
process.exitCode = found.length === 0 ? 0 : 1;
