// `npm run bench -- generation [--calls N] [--json]`: what the client adds to a bare fetch of the same connections, and what a hit in memory costs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { MemoryPlanCache, PtcClient } from '@loopwright/generation';
import type { ExecutionPlanInput } from '@loopwright/protocol';
import { Agent, fetch } from 'undici';

const { values } = parseArgs({
  options: { calls: { type: 'string', default: '3000' }, json: { type: 'boolean', default: false } },
});
const calls = Number(values.calls);
const rounds = 5;

const scaffolding = {
  task_description: 'Build a REST API for user management',
  requirements: ['CRUD operations', 'JWT auth', 'Input validation'],
  dependencies: ['fastapi', 'pyjwt', 'pydantic'],
};
const planOf = (id: string, more: Partial<ExecutionPlanInput> = {}): ExecutionPlanInput => ({
  execution_id: id,
  scaffolding,
  ...more,
});

const service = spawn(process.execPath, [...process.execArgv, join(import.meta.dirname, 'service.ts')], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [url] = (await once(createInterface({ input: service.stdout }), 'line')) as [string];
const agent = new Agent();
const client = new PtcClient({ serviceUrl: url });
const cached = new PtcClient({ serviceUrl: url, cache: new MemoryPlanCache() });
const body = JSON.stringify(planOf('bare'));

/** What is measured, each with calls one after the other. */
const subjects: Record<string, (call: number) => Promise<unknown>> = {
  'bare fetch of undici, JSON read': async () => {
    const response = await fetch(`${url}/execute`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      dispatcher: agent,
    });
    return response.json();
  },
  'client, no cache': (call) => client.execute(planOf(`none-${call}`)),
  'client, a miss in memory, then kept': (call) =>
    cached.execute(planOf(`miss-${call}`, { scaffolding: { ...scaffolding, context: `${call} ${performance.now()}` } })),
  'client, a hit in memory': (call) => cached.execute(planOf(`hit-${call}`)),
};

const times = new Map(Object.keys(subjects).map((name) => [name, [] as number[]]));
for (let round = -1; round < rounds; round += 1) {
  for (const [name, subject] of Object.entries(subjects)) {
    for (let call = 0; call < calls / rounds; call += 1) {
      const begun = performance.now();
      await subject(call);
      const took = performance.now() - begun;
      // The first round only warms up.
      if (round >= 0) times.get(name)?.push(took * 1000);
    }
  }
}
await Promise.all([client.close(), cached.close(), agent.close()]);
service.kill();

const figures = [...times].map(([name, microseconds]) => {
  const sorted = microseconds.toSorted((one, other) => one - other);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { name, p50_us: at(0.5), p99_us: at(0.99) };
});
const bare = figures[0]?.p50_us ?? Number.NaN;
const lines = figures.map(
  ({ name, p50_us, p99_us }) => `| ${name} | ${p50_us.toFixed(0)} | ${p99_us.toFixed(0)} | ${(p50_us - bare).toFixed(0)} |`,
);
const head = ['| call | p50 µs | p99 µs | p50 over the bare fetch, µs |', '| --- | --- | --- | --- |'];
process.stdout.write(values.json ? `${JSON.stringify(figures)}\n` : `${[...head, ...lines].join('\n')}\n`);
