import type { GeneratorName } from '../http/generators.ts';
import { type Figures, load } from '../http/load.ts';
import { type Latencies, summary, timesOf } from './latency.ts';
import type { SubjectKind } from './subject.ts';
import { type Subject, programFolder, startSubjects } from './subjects.ts';
import { sampleText } from './text-program.ts';

/** Of the values of all rounds: a quarter is below the first, half below the second, a quarter above the third. */
export type Quartiles = readonly [low: number, median: number, high: number];

/** One server of the comparison; the medians of all rounds. */
export interface Speed {
  readonly kind: SubjectKind;
  /** 64 connections of a load generator on the same machine. */
  readonly perSecond: number;
  /** The tenth of the turns in which it got most begins there: on a machine that others share, what it gets when they are quiet. */
  readonly atBest: number;
  /** Requests/s as a share of the bare echo and of the direct call in the same round. */
  readonly ofEcho: Quartiles;
  readonly ofDirect: Quartiles;
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
  /** In each of them every server has a turn of two seconds. */
  readonly rounds: number;
  readonly kinds: readonly SubjectKind[];
  readonly generator: GeneratorName;
}

const CONNECTIONS = 64;
/** As short as may be: in less, the half of a turn is autocannon being compiled. */
const TURN_SECONDS = 2;
const REQUESTS = 500;
/** Until the code is compiled. */
const WARM_UP_SECONDS = 3;

/** In so many rounds one also measures how long single requests take. */
const TIMED_ROUNDS = 4;

function loadOnce({ kind, url, child }: Subject, body: string, generator: GeneratorName, warmUp = 0): Promise<Figures> {
  const target = { name: kind, url: `${url}/execute`, pid: child.pid ?? 0, body };
  return load(target, { connections: CONNECTIONS, seconds: TURN_SECONDS, generator, warmUp });
}

function quartiles(values: readonly number[]): Quartiles {
  return [quantile(values, 0.25), quantile(values, 0.5), quantile(values, 0.75)];
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((one, other) => one - other)[Math.floor((values.length - 1) * share)] ?? Number.NaN;
}

const median = (values: readonly number[]): number => quartiles(values)[1];

function medianOrNull(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length < values.length ? null : median(known);
}

/** Measures the servers in short turns, forth and back, so that all of them see the same machine: one and the same echo was seen to take 19 and 41 µs within seconds. */
export async function measureSpeed({ rounds, kinds, generator }: SpeedOptions): Promise<Speed[]> {
  await using stack = new AsyncDisposableStack();
  const subjects = await startSubjects(kinds, await programFolder(), stack);
  const body = JSON.stringify({ input: { text: sampleText(5) } });
  const found = new Map(kinds.map((kind) => [kind, { rounds: [] as Figures[], alone: [] as number[], ten: [] as number[] }]));
  const of = (kind: SubjectKind): { rounds: Figures[]; alone: number[]; ten: number[] } =>
    found.get(kind) ?? { rounds: [], alone: [], ten: [] };
  for (const subject of subjects) await loadOnce(subject, body, generator, WARM_UP_SECONDS);
  for (let round = 0; round < rounds; round += 1) {
    const turns = round % 2 === 0 ? subjects : subjects.toReversed();
    for (const subject of turns) of(subject.kind).rounds.push(await loadOnce(subject, body, generator));
    if (round % TIMED_ROUNDS > 0) continue;
    for (const { kind, url } of turns) {
      of(kind).alone.push(...(await timesOf(`${url}/execute`, body, { callers: 1, count: REQUESTS })));
      of(kind).ten.push(...(await timesOf(`${url}/execute`, body, { callers: 10, count: REQUESTS })));
    }
  }
  return kinds.map((kind) => {
    const own = of(kind).rounds;
    const ratio = (other: SubjectKind): Quartiles =>
      quartiles(own.map(({ perSecond }, index) => perSecond / (of(other).rounds[index]?.perSecond ?? Number.NaN)));
    return {
      kind,
      perSecond: median(own.map(({ perSecond }) => perSecond)),
      atBest: quantile(
        own.map(({ perSecond }) => perSecond),
        0.9,
      ),
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
