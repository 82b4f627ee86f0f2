// `npm run bench -- modules`: what a request to another process costs, 1 KiB there and back and 10 MiB there and back; `--quick` for a few seconds. The
// rounds of the subjects are interleaved, so that what else the machine does falls on all of them.
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
  const began = performance.now();
  const caller = async (): Promise<void> => {
    for (let count = 0; count < ASKED / 4; count += 1) figures.sixteen.push(await askOnce(subject, small));
  };
  await Promise.all(Array.from({ length: 16 }, caller));
  figures.elapsedMs += performance.now() - began;
  figures.asked += (16 * ASKED) / 4;
  figures.megabytes.push(LARGE / 1024 / 1024 / ((await askOnce(subject, large)) / 1000));
}

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((one, other) => one - other)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;

const subjects = [
  await rawLines(),
  await ours('records'),
  await ours('fetch'),
  await nodeIpc('json'),
  await nodeIpc('advanced'),
  await httpLoopback(),
];
const measured = subjects.map((subject): [Subject, Figures] => [
  subject,
  { one: [], sixteen: [], elapsedMs: 0, asked: 0, megabytes: [] },
]);
for (const subject of subjects) for (let count = 0; count < WARM_UP; count += 1) await subject.ask(small);
for (let count = 0; count < ROUNDS; count += 1) for (const [subject, figures] of measured) await round(subject, figures);
for (const subject of subjects) subject.end();

const raw = quantile(measured[0]?.[1].one ?? [], 0.5);
process.stdout.write(
  '| subject | p50 µs | of raw lines | p99 µs | 16 callers: p50 µs | requests/s | 10 MiB there and back, MB/s |\n|---|---|---|---|---|---|---|\n',
);
for (const [{ name }, { one, sixteen, elapsedMs, asked, megabytes }] of measured) {
  const micro = (share: number, values: readonly number[]): string => (quantile(values, share) * 1000).toFixed(0);
  const ratio = (quantile(one, 0.5) / raw).toFixed(2);
  process.stdout.write(
    `| ${name} | ${micro(0.5, one)} | ${ratio} × | ${micro(0.99, one)} | ${micro(0.5, sixteen)} | ${Math.round(asked / (elapsedMs / 1000))} | ${Math.round(quantile(megabytes, 0.5))} |\n`,
  );
}
