// `npm run bench` runs every benchmark, `npm run bench -- induction` one; further flags go to it.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';

/** A benchmark is a file, or the file `main.ts` of a folder. */
const files = new Map(
  globSync(['*.ts', '*/main.ts'], { cwd: import.meta.dirname })
    .filter((file) => file !== 'run.ts' && !file.endsWith('.test.ts'))
    .sort()
    .map((file) => [file.replace(/([\\/]main)?\.ts$/, ''), file]),
);
const names = [...files.keys()];
const [first, ...rest] = process.argv.slice(2);
const named = first !== undefined && !first.startsWith('-');
if (named && !names.includes(first)) {
  process.stderr.write(`Cannot run the benchmark "${first}": there are ${names.join(', ')}\n`);
  process.exit(1);
}
for (const name of named ? [first] : names) {
  const args = [
    '--conditions=loopwright-source',
    join(import.meta.dirname, files.get(name) ?? ''),
    ...(named ? rest : process.argv.slice(2)),
  ];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
