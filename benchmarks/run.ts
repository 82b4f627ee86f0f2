// `npm run bench` runs every benchmark, `npm run bench -- induction` one; further flags go to it.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';

const names = globSync('*.ts', { cwd: import.meta.dirname })
  .filter((file) => file !== 'run.ts' && !file.endsWith('.test.ts'))
  .map((file) => file.replace(/\.ts$/, ''))
  .sort();
const [first, ...rest] = process.argv.slice(2);
const named = first !== undefined && !first.startsWith('-');
if (named && !names.includes(first)) {
  process.stderr.write(`Cannot run the benchmark "${first}": there are ${names.join(', ')}\n`);
  process.exit(1);
}
for (const name of named ? [first] : names) {
  const args = [
    '--conditions=loopwright-source',
    join(import.meta.dirname, `${name}.ts`),
    ...(named ? rest : process.argv.slice(2)),
  ];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
