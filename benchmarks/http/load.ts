import { type GeneratorName, fire } from './generators.ts';
import { processorTime, processorTimeBelow, processorTimeOfEnded } from './processor-time.ts';

/** What is asked for, again and again. */
export interface Target {
  readonly name: string;
  readonly url: string;
  /** The process that answers. */
  readonly pid: number;
  /** JSON of a POST; left out: a GET. */
  readonly body?: string;
}

/** What a load gave; times in milliseconds. */
export interface Figures {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Processor time of the answering process for one request, in microseconds: what is left to compare on a machine that others use too. */
  readonly processorUs: number | null;
  /** The same of the processes that it has started. */
  readonly processorBelowUs: number | null;
  /** The same of the load generator, its start included. */
  readonly generatorUs: number | null;
}

/** How much to load, and with what. */
interface Load {
  readonly connections: number;
  readonly seconds: number;
  /** Default: autocannon. */
  readonly generator?: GeneratorName;
  /** Seconds of the same before, which do not count. Default 1. */
  readonly warmUp?: number;
}

/** Loads a target from another process. Throws when an answer was not 2xx. */
export async function load(
  { url, pid, body }: Target,
  { connections, seconds, generator = 'autocannon', warmUp = 1 }: Load,
): Promise<Figures> {
  if (warmUp > 0) await fire(generator, { url, body, connections, seconds: warmUp });
  const times = (): (number | null)[] => [processorTime(pid), processorTimeBelow(pid), processorTimeOfEnded()];
  const before = times();
  const { total, perSecond, p50, p99, failed } = await fire(generator, { url, body, connections, seconds });
  const after = times();
  if (failed > 0) throw new Error(`Cannot measure ${url}: ${failed} answers are missing or not 2xx`);
  const [processorUs = null, processorBelowUs = null, generatorUs = null] = after.map((time, index) => {
    const start = before[index] ?? null;
    return time === null || start === null ? null : (time - start) / total;
  });
  return { perSecond, p50, p99, processorUs, processorBelowUs, generatorUs };
}
