// `npm run bench -- dataset [--records N] [--days-records N]`: writing and counting executions, beside the bare system calls and DuckDB.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '400000' },
    'day-records': { type: 'string', default: '5000000' },
    dir: { type: 'string', default: tmpdir() },
  },
});
const folder = mkdtempSync(join(values.dir, 'loopwright-bench-dataset-'));
const resultSchema = z.object({
  perSecond: z.number().optional(),
  p99: z.number().optional(),
  ms: z.number().optional(),
  peakMiB: z.number(),
  note: z.string().optional(),
});

/** Each subject runs in a process of its own, so that its memory is its own. */
function run(subject: string, ...args: string[]): z.infer<typeof resultSchema> {
  const { stdout, status } = spawnSync(
    process.execPath,
    [...process.execArgv, join(import.meta.dirname, 'subject.ts'), subject, folder, ...args],
    { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`Cannot measure ${subject}`);
  return resultSchema.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
try {
  print('| writing, 64 writers | records/s | p99 ms | of the bare call |');
  print('| --- | --- | --- | --- |');
  for (const [bare, ours] of [
    ['bare writeSync', 'ours, process'],
    ['bare grouped fdatasync', 'ours, full'],
  ] as const) {
    const limit = run(bare, values.records);
    const mine = run(ours, values.records);
    const row = (name: string, { perSecond = 0, p99 = 0 }: typeof mine): string =>
      `| ${name} | ${Math.round(perSecond).toLocaleString('en')} | ${p99.toFixed(2)} | ${Math.round((100 * perSecond) / (limit.perSecond ?? 1))} % |`;
    print(row(bare, limit));
    print(row(ours, mine));
  }
  for (const count of ['1000', values['day-records']]) {
    run('fill', count);
    print(`\n| the figures of a day of ${Number(count).toLocaleString('en')} records | ms | peak MiB | |`);
    print('| --- | --- | --- | --- |');
    for (const subject of ['ours, kept', 'ours, exact', 'bare read', 'JSON.parse a line', 'DuckDB']) {
      const { ms = 0, peakMiB, note = '' } = run(subject, count);
      print(`| ${subject} | ${ms.toFixed(ms < 10 ? 3 : 0)} | ${Math.round(peakMiB)} | ${note} |`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
