import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
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

const resultSchema = z.looseObject({
  requests: z.looseObject({ average: z.number(), total: z.number() }),
  latency: z.looseObject({ p50: z.number(), p99: z.number() }),
  errors: z.number(),
  non2xx: z.number(),
});

const AUTOCANNON = join(import.meta.dirname, '../../node_modules/autocannon/autocannon.js');

/** What to load, and how much of it. */
interface Load {
  readonly connections: number;
  readonly seconds: number;
}

/** Loads a target with autocannon, in a process of its own, after a second of warming up. Throws when an answer was not 2xx. */
export async function load(target: Target, { connections, seconds }: Load): Promise<Figures> {
  await fire(target, { connections, seconds: 1 });
  const times = (): (number | null)[] => [processorTime(target.pid), processorTimeBelow(target.pid), processorTimeOfEnded()];
  const before = times();
  const { requests, latency, errors, non2xx } = await fire(target, { connections, seconds });
  const after = times();
  if (errors + non2xx > 0) throw new Error(`Cannot measure ${target.url}: ${errors} errors, ${non2xx} answers that are not 2xx`);
  const [processorUs = null, processorBelowUs = null, generatorUs = null] = after.map((time, index) => {
    const start = before[index] ?? null;
    return time === null || start === null ? null : (time - start) / requests.total;
  });
  return { perSecond: requests.average, p50: latency.p50, p99: latency.p99, processorUs, processorBelowUs, generatorUs };
}

async function fire({ url, body }: Target, { connections, seconds }: Load): Promise<z.infer<typeof resultSchema>> {
  const post = body === undefined ? [] : ['-m', 'POST', '-H', 'content-type=application/json', '-b', body];
  const flags = ['--json', '-c', String(connections), '-d', String(seconds), ...post, url];
  const child = spawn(process.execPath, [AUTOCANNON, ...flags], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return resultSchema.parse(JSON.parse(output));
}
