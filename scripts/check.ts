// The one command of CI: every check, then every test. `--only NAME` runs one of them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { groupTests } from './group-tests.ts';

const root = join(import.meta.dirname, '..');
const bin = (name: string, path: string): string => join(root, 'node_modules', name, path);
/** Too long for every change; each has a command of its own: `npm run test:restate`, `npm run test:pages`. */
const LONG = new Set(['packages/engine-restate/src/lib/restate-conformance.test.ts', 'apps/dashboard/e2e/begin.test.ts']);
const tests = globSync('{packages,apps,scripts,benchmarks,simulation}/**/*.test.ts', {
  cwd: root,
  exclude: (path) => path.includes('node_modules'),
}).filter((path) => !LONG.has(path));

/** Holds the groups of tests, which are written when tests are run. */
const folder = mkdtempSync(join(tmpdir(), 'loopwright-check-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const runTests = ['--conditions=loopwright-source', '--test', '--test-timeout=600000', '--test-concurrency=3'];

/** Arguments of Node, by name, in the order they run. */
const checks: Record<string, () => readonly string[]> = {
  format: () => [bin('oxfmt', 'bin/oxfmt'), '--check', '.'],
  types: () => [bin('typescript', 'bin/tsc'), '-p', 'tsconfig.json'],
  // Pages have the types of browsers in place of those of Node.
  pages: () => [bin('typescript', 'bin/tsc'), '-p', 'apps/dashboard/tsconfig.json'],
  lint: () => [bin('oxlint', 'bin/oxlint')],
  boundaries: () => ['scripts/check-boundaries.ts'],
  hygiene: () => [bin('sherif', 'index.js')],
  unused: () => [bin('knip', 'bin/knip.js')],
  docs: () => ['--conditions=loopwright-source', 'scripts/check-docs.ts'],
  build: () => ['scripts/build.ts'],
  test: () => [...runTests, ...groupTests(root, tests, folder)],
};

const onlyAt = process.argv.indexOf('--only');
const only = onlyAt === -1 ? undefined : process.argv[onlyAt + 1];
const failed: string[] = [];

/** Runs one check; what it writes comes as it is written (`inherit`) or when it is over (`pipe`). */
async function run(name: string, output: 'inherit' | 'pipe'): Promise<void> {
  const started = performance.now();
  const child = spawn(process.execPath, checks[name]?.() ?? [], { cwd: root, stdio: ['ignore', output, output] });
  const written: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (piece: Buffer) => written.push(piece));
  const [status] = (await once(child, 'close')) as [number | null];
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${Buffer.concat(written).toString()}${status === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)\n`);
  if (status !== 0) failed.push(name);
}

const wanted = Object.keys(checks).filter((name) => only === undefined || name === only);
// Two at a time, for most take one processor; the tests by themselves, because some of them wait for less than half a second.
const waiting = wanted.filter((name) => name !== 'test').values();
const lane = async (): Promise<void> => {
  for (const name of waiting) await run(name, only === undefined ? 'pipe' : 'inherit');
};
await Promise.all([lane(), lane()]);
if (wanted.includes('test')) await run('test', 'inherit');
if (failed.length > 0) {
  process.stderr.write(`Failed: ${failed.join(', ')}\n`);
  process.exit(1);
}
