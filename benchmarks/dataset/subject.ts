// One subject of `main.ts` in a process of its own: `subject.ts NAME FOLDER COUNT` prints a line of JSON.
import { createReadStream, fdatasync, openSync, writeSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { ExecutionLog, openDayQueries } from '@loopwright/edge';
import { type ExecutionRecord, isoTime } from '@loopwright/protocol';

const WRITERS = 64;
const DAY = '2026-03-10';
const noon = Date.parse(`${DAY}T12:00:00Z`);
const [subject = '', folder = '', countText = '0'] = process.argv.slice(2);
const count = Number(countText);
const words = 'the program reads a text of some words and says which of the labels fits it best';

function record(n: number, at = noon): ExecutionRecord {
  return {
    id: `3e2f9f0e-0000-4000-8000-${String(n).padStart(12, '0')}`,
    program_id: '7d1b1f5e-1111-4111-8111-000000000001',
    task_id: 'bench',
    version: 1 + (n % 3),
    input_data: { text: words.slice(n % 20) },
    output_data: { result: n % 5 === 0 ? 'spam' : 'ham' },
    latency_ms: ((n * 7919) % 9973) / 1000,
    memory_usage_mb: null,
    status: n % 50 === 0 ? 'error' : 'success',
    error_message: null,
    sampled_for_validation: n % 20 === 0,
    validation_id: null,
    executed_at: isoTime(at + (n % 1000)),
  };
}

async function write(append: (n: number) => Promise<void> | void): Promise<void> {
  const latencies: number[] = [];
  let next = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: WRITERS }, async () => {
      while (next < count) {
        next += 1;
        const began = performance.now();
        await append(next);
        latencies.push(performance.now() - began);
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  latencies.sort((one, other) => one - other);
  tell({ perSecond: count / seconds, p99: latencies[Math.trunc(count * 0.99)] ?? 0 });
}

function tell(figures: Record<string, number | string>): void {
  process.stdout.write(`${JSON.stringify({ ...figures, peakMiB: process.resourceUsage().maxRSS / 1024 })}\n`);
}

async function timed(work: () => Promise<unknown>, note: string): Promise<void> {
  const started = performance.now();
  await work();
  tell({ ms: performance.now() - started, note });
}

const dir = join(folder, 'day');
const dayFile = join(dir, 'datasets/bench/executions', `${DAY}.jsonl`);
const clock = { now: () => noon, schedule: () => () => undefined };
const subjects: Record<string, () => Promise<void>> = {
  'bare writeSync': () => {
    const file = openSync(join(folder, 'bare'), 'a');
    return write((n) => void writeSync(file, `${JSON.stringify(record(n))}\n`));
  },
  'bare grouped fdatasync': () => {
    const file = openSync(join(folder, 'bare-full'), 'a');
    const sync = promisify(fdatasync);
    let lines = '';
    let group: Promise<void> | undefined;
    let running: Promise<void> = Promise.resolve();
    const flush = async (before: Promise<void>): Promise<void> => {
      await before;
      await new Promise(setImmediate);
      const batch = lines;
      lines = '';
      group = undefined;
      writeSync(file, batch);
      await sync(file);
    };
    return write((n) => {
      lines += `${JSON.stringify(record(n))}\n`;
      group ??= running = flush(running);
      return group;
    });
  },
  'ours, process': async () => {
    await using log = await ExecutionLog.open({ dir: folder, taskId: 'process', clock });
    await write((n) => log.append(record(n)));
  },
  'ours, full': async () => {
    await using log = await ExecutionLog.open({ dir: folder, taskId: 'full', clock, durability: 'full' });
    await write((n) => log.append(record(n)));
  },
  fill: async () => {
    await rm(dir, { recursive: true, force: true });
    await mkdir(dir);
    await using log = await ExecutionLog.open({ dir, taskId: 'bench', clock });
    for (let n = 0; n < count; n += 1000)
      await Promise.all(Array.from({ length: Math.min(1000, count - n) }, (_, index) => log.append(record(n + index))));
    await writeFile(join(folder, 'filled'), String(count));
    tell({ ms: 0 });
  },
  'ours, kept': async () => {
    await using log = await ExecutionLog.open({ dir, taskId: 'bench', clock });
    const figures = log.today;
    await timed(() => log.figures(DAY).then(({ all }) => all.summary()), `${figures.total} counted, sketches`);
  },
  'ours, exact': async () => {
    await using log = await ExecutionLog.open({ dir, taskId: 'bench', clock });
    await timed(() => log.exactFigures(DAY), 'every record read');
  },
  'bare read': () =>
    timed(async () => {
      for await (const _ of createReadStream(dayFile, { highWaterMark: 1024 * 1024 }));
    }, 'the bytes, not looked at'),
  'JSON.parse a line': () =>
    timed(async () => {
      const latencies: number[] = [];
      for await (const line of createInterface({ input: createReadStream(dayFile), crlfDelay: Infinity })) {
        const { status, latency_ms } = JSON.parse(line) as ExecutionRecord;
        if (status === 'success' && latency_ms !== null) latencies.push(latency_ms);
      }
      latencies.sort((one, other) => one - other);
    }, 'readline'),
  DuckDB: async () => {
    const queries = await openDayQueries({ dir, taskId: 'bench' });
    await timed(
      () =>
        queries.query(
          `SELECT count(*), count(*) FILTER (status = 'success'), avg(latency_ms) FILTER (status = 'success'),
           quantile_disc(latency_ms, [0.5, 0.99]) FILTER (status = 'success') FROM executions`,
        ),
      'SQL over the file',
    );
    await queries.close();
  },
};
await subjects[subject]?.();
