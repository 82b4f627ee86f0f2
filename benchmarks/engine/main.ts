// How fast the embedded engine is, beside a bare loop on `node:sqlite` and beside other engines, all in one run. Each subject is a process of its
// own; the rounds are interleaved. `[--quick] [--json] [--only load|wake|stored] [--no-peers]`
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { ChildFigures, ChildTask } from './child.ts';
import { type StoredFigures, measureStored } from './measure-stored.ts';
import { loadTable, storedTable, wakeTable } from './tables.ts';
import type { Durability } from './subject.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    'no-peers': { type: 'boolean', default: false },
  },
});
const { quick, json, only } = values;
const here = import.meta.dirname;

/** What a subject did in each round. */
export interface SubjectRounds {
  readonly name: string;
  readonly durability: Durability;
  readonly rounds: ChildFigures[];
}

interface SubjectFile {
  readonly name: string;
  readonly file: string;
  readonly durabilities: readonly Durability[];
}

const OURS: SubjectFile = { name: 'loopwright', file: 'ours.ts', durabilities: ['process', 'full'] };
const BARE: readonly SubjectFile[] = [
  { name: 'bare loop, same rows', file: 'bare-same.ts', durabilities: ['process', 'full'] },
  { name: 'bare loop, least rows', file: 'bare-least.ts', durabilities: ['process', 'full'] },
];
const PEERS: readonly SubjectFile[] = [
  { name: 'Restate', file: 'peers/restate.mjs', durabilities: ['full'] },
  { name: 'DBOS, PostgreSQL', file: 'peers/dbos.mjs', durabilities: ['full'] },
  { name: 'OpenWorkflow, SQLite', file: 'peers/openworkflow.mjs', durabilities: ['full'] },
];

const tell = (text: string): void => void process.stderr.write(`${text}\n`);
const peers = values['no-peers'] || only === 'stored' || !installPeers() ? [] : PEERS;
const found: { load?: SubjectRounds[]; wake?: SubjectRounds[]; stored?: StoredFigures[] } = {};
if (only === undefined || only === 'load') found.load = measureAll([OURS, ...BARE, ...peers], loadTask);
if (only === undefined || only === 'wake') found.wake = [...measureWakeOfOurs(), ...measureAll(peers, wakeTask(0))];
if (only === undefined || only === 'stored') found.stored = await measureStored({ quick, tell });
if (json) process.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`);
else {
  if (found.load !== undefined) process.stdout.write(`${loadTable(found.load)}\n`);
  if (found.wake !== undefined) process.stdout.write(`${wakeTable(found.wake)}\n`);
  if (found.stored !== undefined) process.stdout.write(`${storedTable(found.stored)}\n`);
}

function loadTask(durability: Durability, isPeer: boolean): ChildTask {
  // A slow engine needs longer for as many workflows.
  const seconds = isPeer ? (quick ? 4 : 12) : quick ? 1.5 : 5;
  return { durability, callers: [1, 16, 100], seconds };
}

function wakeTask(parked: number): (durability: Durability, isPeer: boolean) => ChildTask {
  return (durability, isPeer) => ({
    durability,
    callers: [],
    seconds: 0,
    wake: { parked, samples: isPeer ? (quick ? 30 : 100) : 500 },
  });
}

function measureWakeOfOurs(): SubjectRounds[] {
  return [0, 1000, quick ? 10_000 : 100_000].flatMap((parked) => measureAll([OURS], wakeTask(parked), 1));
}

/** Measures the subjects one after the other, and all of them again in each round. */
function measureAll(
  subjects: readonly SubjectFile[],
  taskOf: (durability: Durability, isPeer: boolean) => ChildTask,
  rounds = quick ? 1 : 3,
): SubjectRounds[] {
  const measured = subjects.flatMap(({ name, file, durabilities }) =>
    durabilities.map((durability) => ({ name, file, durability, rounds: [] as ChildFigures[] })),
  );
  for (let round = 1; round <= rounds; round += 1) {
    for (const { name, file, durability, rounds: figures } of measured) {
      tell(`round ${round} of ${rounds}: ${name} (${durability})`);
      const one = runChild(file, taskOf(durability, file.startsWith('peers/')));
      if (one !== undefined) figures.push(one);
    }
  }
  return measured.filter(({ rounds: figures }) => figures.length > 0);
}

/** A peer that fails is left out with a message; one of ours that fails ends the benchmark. */
function runChild(file: string, task: ChildTask): ChildFigures | undefined {
  const args = ['--conditions=loopwright-source', join(here, 'child.ts'), join(here, file), JSON.stringify(task)];
  const env = { ...process.env, RESTATE_LOGGING: 'ERROR' };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env, timeout: 600_000 });
  const last = stdout.trim().split('\n').at(-1) ?? '';
  if (status === 0 && last.startsWith('{')) return JSON.parse(last) as ChildFigures;
  if (!file.startsWith('peers/')) throw new Error(`Cannot measure "${file}": it ended with ${String(status)}\n${stderr}`);
  tell(`left out: "${file}" ended with ${String(status)}: ${stderr.trim().split('\n').at(-1) ?? ''}`);
  return undefined;
}

/** The peers are no dependencies of the project: they are installed beside the benchmark when it runs. */
function installPeers(): boolean {
  const folder = join(here, 'peers');
  if (existsSync(join(folder, 'node_modules', 'openworkflow'))) return true;
  tell('installing the peers (npm install in benchmarks/engine/peers) …');
  const npm = process.env['npm_execpath'];
  const install = ['install', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'];
  const options = { cwd: folder, stdio: ['ignore', 2, 2] as ['ignore', number, number] };
  const { status } =
    npm === undefined ? spawnSync('npm', install, options) : spawnSync(process.execPath, [npm, ...install], options);
  if (status !== 0) tell('left out: the peers could not be installed');
  return status === 0;
}
