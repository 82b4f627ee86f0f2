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
  /** Each begins with new processes: one and the same server is up to a fifth faster or slower from one process to the next. */
  readonly sets: number;
  readonly kinds: readonly SubjectKind[];
  readonly generator: GeneratorName;
}

const CONNECTIONS = 64;
/** As short as may be: in less, the half of a turn is autocannon being compiled. */
const TURN_SECONDS = 2;
const REQUESTS = 500;
/** Until the code is compiled. */
const WARM_UP_SECONDS = 3;

/** Rounds of a set; in each of them every server has a turn. */
const ROUNDS = 4;

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

interface Found {
  readonly rounds: Figures[];
  readonly alone: number[];
  readonly ten: number[];
}

/** Measures new servers in short turns, forth and back, so that all of them see the same machine: one and the same echo was seen to take 19 and 41 µs within seconds. */
async function measureSet({ kinds, generator }: SpeedOptions, of: (kind: SubjectKind) => Found): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const subjects = await startSubjects(kinds, await programFolder(), stack);
  const body = JSON.stringify({ input: { text: sampleText(5) } });
  for (const subject of subjects) await loadOnce(subject, body, generator, WARM_UP_SECONDS);
  for (let round = 0; round < ROUNDS; round += 1)
    for (const subject of round % 2 === 0 ? subjects : subjects.toReversed())
      of(subject.kind).rounds.push(await loadOnce(subject, body, generator));
  for (const { kind, url } of subjects) {
    of(kind).alone.push(...(await timesOf(`${url}/execute`, body, { callers: 1, count: REQUESTS })));
    of(kind).ten.push(...(await timesOf(`${url}/execute`, body, { callers: 10, count: REQUESTS })));
  }
}

/** Compares the servers, in several sets of new processes. */
export async function measureSpeed(options: SpeedOptions): Promise<Speed[]> {
  const { kinds, sets } = options;
  const found = new Map<SubjectKind, Found>(kinds.map((kind) => [kind, { rounds: [], alone: [], ten: [] }]));
  const of = (kind: SubjectKind): Found => found.get(kind) ?? { rounds: [], alone: [], ten: [] };
  for (let set = 0; set < sets; set += 1) await measureSet(options, of);
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
