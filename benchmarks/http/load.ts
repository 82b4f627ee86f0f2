import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

/** What is asked for, again and again. */
export interface Target {
  readonly name: string;
  readonly url: string;
  /** JSON of a POST; left out: a GET. */
  readonly body?: string;
}

/** What a load gave; times in milliseconds. */
export interface Figures {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

const resultSchema = z.looseObject({
  requests: z.looseObject({ average: z.number() }),
  latency: z.looseObject({ p50: z.number(), p99: z.number() }),
  errors: z.number(),
  non2xx: z.number(),
});

const AUTOCANNON = join(import.meta.dirname, '../../node_modules/autocannon/autocannon.js');

/** Loads a target with autocannon, in a process of its own. Throws when an answer was not 2xx. */
export async function load(
  { url, body }: Target,
  { connections, seconds }: { connections: number; seconds: number },
): Promise<Figures> {
  const post = body === undefined ? [] : ['-m', 'POST', '-H', 'content-type=application/json', '-b', body];
  const flags = [
    '--json',
    '-c',
    String(connections),
    '-d',
    String(seconds),
    '--warmup',
    `[ -c ${connections} -d 1 ]`,
    ...post,
    url,
  ];
  const child = spawn(process.execPath, [AUTOCANNON, ...flags], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  const lines = output.split('\n').filter((line) => line.startsWith('{'));
  const { requests, latency, errors, non2xx } = resultSchema.parse(JSON.parse(lines.at(-1) ?? ''));
  if (errors + non2xx > 0) throw new Error(`Cannot measure ${url}: ${errors} errors, ${non2xx} answers that are not 2xx`);
  return { perSecond: requests.average, p50: latency.p50, p99: latency.p99 };
}
