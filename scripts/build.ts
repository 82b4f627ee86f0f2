// Builds the packages for publishing: `tsc -b`, then what is no TypeScript, and the dashboard. At the end the built packages are used once, as an installed
// consumer would: without the condition that leads to the sources.
import { spawnSync } from 'node:child_process';
import { cpSync, globSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

run([join(root, 'node_modules/typescript/bin/tsc'), '-b', 'tsconfig.build.json']);
run(['scripts/build-dashboard.ts']);
for (const file of globSync('packages/*/src/**/*.{sql,py}', { cwd: root }))
  cpSync(join(root, file), join(root, file.replace('/src/', '/dist/')));
run([
  '--input-type=module',
  '--eval',
  `import { mkdtempSync, rmSync } from 'node:fs';
   import { Engine } from '@loopwright/engine';
   import { systemClock, systemRandom } from '@loopwright/protocol';
   import { buildProgram, noJail, openSandbox } from '@loopwright/edge';
   import '@loopwright/engine-restate'; import '@loopwright/client'; import '@loopwright/generation'; import '@loopwright/models'; import '@loopwright/module-sdk';
   const dir = mkdtempSync('${join(root, 'node_modules', '.build-')}');
   const engine = new Engine({ dir, durability: 'full', clock: systemClock, random: systemRandom, functions: {} });
   await engine.close(0);
   rmSync(dir, { recursive: true });
   const sandbox = await openSandbox({ clock: systemClock, jail: noJail, workers: 1 });
   const { code, digest } = await buildProgram('export const run = (n: number) => n + 1;');
   const { status } = await sandbox.run({ key: digest, code }, '1');
   await sandbox.close();
   if (status !== 'success') throw new Error('the built sandbox does not run');`,
]);

function run(args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
