import { type Figures, load } from '../http/load.ts';
import { type Latencies, summary, timesOf } from './latency.ts';
import type { SubjectKind } from './subject.ts';
import { type Subject, programFolder, startSubjects } from './subjects.ts';
import { sampleText } from './text-program.ts';

/** One server of the comparison; the medians of all rounds. */
export interface Speed {
  readonly kind: SubjectKind;
  /** 64 connections of autocannon on the same machine. */
  readonly perSecond: number;
  /** Requests/s as a share of the bare echo and of the direct call, round by round. */
  readonly ofEcho: number;
  readonly ofDirect: number;
  /** Processor time of the server process for one request in microseconds, of its workers, and of the load generator; `null` without `/proc`. */
  readonly cpuMicros: number | null;
  readonly workerMicros: number | null;
  readonly generatorMicros: number | null;
  /** One request at a time. */
  readonly alone: Latencies;
  /** Ten callers. */
  readonly ten: Latencies;
}

/** How much is measured. */
export interface SpeedOptions {
  readonly seconds: number;
  readonly rounds: number;
  readonly kinds: readonly SubjectKind[];
}

const CONNECTIONS = 64;
const REQUESTS = 1500;

function loadOnce({ kind, url, child }: Subject, body: string, seconds: number): Promise<Figures> {
  return load({ name: kind, url: `${url}/execute`, pid: child.pid ?? 0, body }, { connections: CONNECTIONS, seconds });
}

const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;

function medianOrNull(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length < values.length ? null : median(known);
}

/** Measures the servers in turns, so that all of them see the same machine. */
export async function measureSpeed({ seconds, rounds, kinds }: SpeedOptions): Promise<Speed[]> {
  await using stack = new AsyncDisposableStack();
  const subjects = await startSubjects(kinds, await programFolder(), stack);
  const body = JSON.stringify({ input: { text: sampleText(5) } });
  const found = new Map(kinds.map((kind) => [kind, { rounds: [] as Figures[], alone: [] as number[], ten: [] as number[] }]));
  const of = (kind: SubjectKind): { rounds: Figures[]; alone: number[]; ten: number[] } =>
    found.get(kind) ?? { rounds: [], alone: [], ten: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const subject of subjects) of(subject.kind).rounds.push(await loadOnce(subject, body, seconds));
    for (const { kind, url } of subjects) {
      of(kind).alone.push(...(await timesOf(`${url}/execute`, body, { callers: 1, count: REQUESTS })));
      of(kind).ten.push(...(await timesOf(`${url}/execute`, body, { callers: 10, count: REQUESTS })));
    }
  }
  return kinds.map((kind) => {
    const own = of(kind).rounds;
    const ratio = (other: SubjectKind): number =>
      median(own.map(({ perSecond }, index) => perSecond / (of(other).rounds[index]?.perSecond ?? Number.NaN)));
    return {
      kind,
      perSecond: median(own.map(({ perSecond }) => perSecond)),
      ofEcho: ratio('echo'),
      ofDirect: ratio('direct'),
      cpuMicros: medianOrNull(own.map(({ processorUs }) => processorUs)),
      workerMicros: medianOrNull(own.map(({ processorBelowUs }) => processorBelowUs)),
      generatorMicros: medianOrNull(own.map(({ generatorUs }) => generatorUs)),
      alone: summary(of(kind).alone),
      ten: summary(of(kind).ten),
    };
  });
}
