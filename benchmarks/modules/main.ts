// `npm run bench -- modules`: what a request to another process costs, 1 KiB there and back and 10 MiB there and back; `--quick` for a few seconds, `--only ipc` for
// those whose names hold a text. The rounds of the subjects are interleaved, so that what else the machine does falls on all of them; the processor time is that of
// both processes.
import { processorMs } from './processor-time.ts';
import { httpLoopback, nodeIpc, ours, rawLines, type Subject } from './subjects.ts';

const quick = process.argv.includes('--quick');
const ROUNDS = quick ? 5 : 15;
const ASKED = quick ? 400 : 1000;
const WARM_UP = 3000;
const LARGE = 10 * 1024 * 1024;

const small = Buffer.alloc(1024, 'loopwright ');
const large = Buffer.alloc(LARGE, 'loopwright ');

interface Figures {
  readonly one: number[];
  readonly sixteen: number[];
  elapsedMs: number;
  /** Of both processes, while sixteen asked; not known where there is no /proc. */
  processorMs: number | null;
  asked: number;
  readonly megabytes: number[];
}

async function askOnce(subject: Subject, body: Buffer): Promise<number> {
  const began = performance.now();
  const back = await subject.ask(body);
  const took = performance.now() - began;
  if (back.length !== body.length) throw new Error(`${subject.name} gave ${back.length} bytes back`);
  return took;
}

async function round(subject: Subject, figures: Figures): Promise<void> {
  for (let count = 0; count < ASKED; count += 1) figures.one.push(await askOnce(subject, small));
  const before = processorMs(subject.pid);
  const began = performance.now();
  const caller = async (): Promise<void> => {
    for (let count = 0; count < ASKED / 4; count += 1) figures.sixteen.push(await askOnce(subject, small));
  };
  await Promise.all(Array.from({ length: 16 }, caller));
  figures.elapsedMs += performance.now() - began;
  const after = processorMs(subject.pid);
  figures.processorMs =
    before === null || after === null || figures.processorMs === null ? null : figures.processorMs + after - before;
  figures.asked += (16 * ASKED) / 4;
  figures.megabytes.push(LARGE / 1024 / 1024 / ((await askOnce(subject, large)) / 1000));
}

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((one, other) => one - other)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;

const all = [
  await rawLines(),
  await ours('ipc', 'records'),
  await ours('ipc', 'fetch'),
  await ours('ipc', 'whole'),
  await ours('unix', 'records'),
  await ours('tcp', 'records'),
  await ours('tcp', 'fetch'),
  await nodeIpc('json'),
  await nodeIpc('advanced'),
  await httpLoopback(),
];
const only = process.argv.includes('--only') ? process.argv.slice(process.argv.indexOf('--only') + 1) : [''];
const subjects = all.filter(({ name }, index) => index === 0 || only.some((text) => name.includes(text)));
for (const subject of all) if (!subjects.includes(subject)) subject.end();
const measured = subjects.map((subject): [Subject, Figures] => [
  subject,
  { one: [], sixteen: [], elapsedMs: 0, processorMs: 0, asked: 0, megabytes: [] },
]);
for (const subject of subjects) for (let count = 0; count < WARM_UP; count += 1) await subject.ask(small);
for (let count = 0; count < ROUNDS; count += 1) for (const [subject, figures] of measured) await round(subject, figures);
for (const subject of subjects) subject.end();

const raw = quantile(measured[0]?.[1].one ?? [], 0.5);
process.stdout.write(
  '| subject | p50 µs | of raw lines | p99 µs | 16 callers: p50 µs | requests/s | processor µs | of raw lines | 10 MiB there and back, MB/s |\n|---|---|---|---|---|---|---|---|---|\n',
);
const each = ({ processorMs: ms, asked }: Figures): number => (ms === null ? Number.NaN : (ms * 1000) / asked);
const rawProcessor = measured[0] === undefined ? Number.NaN : each(measured[0][1]);
for (const [{ name }, figures] of measured) {
  const { one, sixteen, elapsedMs, asked, megabytes } = figures;
  const processor = each(figures);
  const micro = (share: number, values: readonly number[]): string => (quantile(values, share) * 1000).toFixed(0);
  const ratio = (quantile(one, 0.5) / raw).toFixed(2);
  process.stdout.write(
    `| ${name} | ${micro(0.5, one)} | ${ratio} × | ${micro(0.99, one)} | ${micro(0.5, sixteen)} | ${Math.round(asked / (elapsedMs / 1000))} | ${processor.toFixed(0)} | ${(processor / rawProcessor).toFixed(2)} × | ${Math.round(quantile(megabytes, 0.5))} |\n`,
  );
}
