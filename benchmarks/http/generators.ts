import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

/** What is asked for, again and again. */
export interface Shot {
  readonly url: string;
  /** JSON of a POST; left out: a GET. */
  readonly body?: string | undefined;
  readonly connections: number;
  readonly seconds: number;
}

/** What came of it; times in milliseconds. */
export type Hits = z.infer<typeof hitsSchema>;
const hitsSchema = z.object({ total: z.number(), perSecond: z.number(), p50: z.number(), p99: z.number(), failed: z.number() });

/**
 * Who asks, in a process of its own. `autocannon` comes with the project and takes about as much of a processor as what is measured; `wrk`, which is written in
 * C, a half to a fifth of that, and must be installed.
 */
export type GeneratorName = 'autocannon' | 'wrk';

const autocannonSchema = z.looseObject({
  requests: z.looseObject({ total: z.number() }),
  duration: z.number(),
  latency: z.looseObject({ p50: z.number(), p99: z.number() }),
  errors: z.number(),
  non2xx: z.number(),
});

const AUTOCANNON = join(import.meta.dirname, '../../node_modules/autocannon/autocannon.js');
const WRK_SCRIPT = join(import.meta.dirname, 'wrk.lua');

/** Asks with a load generator until the time is over. */
export function fire(generator: GeneratorName, shot: Shot): Promise<Hits> {
  return generator === 'wrk' ? fireWrk(shot) : fireAutocannon(shot);
}

/** The load generators of this machine. */
export function generators(): GeneratorName[] {
  return spawnSync('wrk', ['--version'], { stdio: 'ignore' }).error === undefined ? ['autocannon', 'wrk'] : ['autocannon'];
}

async function fireAutocannon({ url, body, connections, seconds }: Shot): Promise<Hits> {
  const post = body === undefined ? [] : ['-m', 'POST', '-H', 'content-type=application/json', '-b', body];
  const flags = ['--json', '-c', String(connections), '-d', String(seconds), ...post, url];
  const output = await outputOf(process.execPath, [AUTOCANNON, ...flags]);
  const { requests, duration, latency, errors, non2xx } = autocannonSchema.parse(JSON.parse(output));
  const { total } = requests;
  return { total, perSecond: total / duration, p50: latency.p50, p99: latency.p99, failed: errors + non2xx };
}

async function fireWrk({ url, body, connections, seconds }: Shot): Promise<Hits> {
  const flags = [
    '--threads',
    '1',
    '--connections',
    String(connections),
    '--duration',
    `${seconds}s`,
    '--script',
    WRK_SCRIPT,
    url,
  ];
  const output = await outputOf('wrk', flags, body === undefined ? {} : { LOOPWRIGHT_BODY: body });
  return hitsSchema.parse(JSON.parse(output.trimEnd().split('\n').at(-1) ?? ''));
}

async function outputOf(command: string, flags: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const child = spawn(command, flags, { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, ...env } });
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return output;
}
