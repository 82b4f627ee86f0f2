import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { moduleListSchema } from '@loopwright/protocol';
import { ANN } from '../runs/runs-fixture.ts';
import { NO_PROGRAMS, startTestServer } from '../server-fixture.ts';
import type { ModuleSpec } from './module-spec.ts';
import { isAlive, PLAIN, until } from './supervisor-fixture.ts';
import { Supervisor } from './supervisor.ts';

const spec = (id: string, more: Partial<ModuleSpec> = {}): ModuleSpec => ({
  id,
  launch: PLAIN,
  listen: '127.0.0.1:0',
  authToken: `token ${performance.now()}`,
  ...more,
});

function open(modules: readonly ModuleSpec[]): Supervisor {
  const supervisor = new Supervisor({
    modules,
    orchestratorApi: '',
    log: () => undefined,
    times: { drainMs: 3000, backOffMinMs: 10 },
  });
  supervisor.start();
  return supervisor;
}

const pidOf = (supervisor: Supervisor, id: string): number => {
  const pid = supervisor.module(id).current?.pid;
  assert.ok(typeof pid === 'number');
  return pid;
};

async function ask(supervisor: Supervisor, id: string, uri = '/well'): Promise<string> {
  const { body } = await supervisor.request(id, { method: 'GET', uri });
  return new Response(body as ConstructorParameters<typeof Response>[0]).text();
}

interface Caller {
  readonly id: string;
  readonly hasAnswered: (pid: number | undefined) => boolean;
  /** Fails when a request was refused. */
  readonly end: () => Promise<void>;
}

/** Asks a module again and again until it is told to end. */
function pester(supervisor: Supervisor, id: string): Caller {
  const pids = new Set<string>();
  const over = new AbortController();
  const asked = (async (): Promise<void> => {
    while (!over.signal.aborted) {
      pids.add(await ask(supervisor, id));
      await delay(1);
    }
  })();
  return {
    id,
    hasAnswered: (pid) => pids.has(String(pid)),
    end: () => {
      over.abort();
      return asked;
    },
  };
}

describe('Supervisor.configure()', () => {
  it('starts what is new, ends what is gone, replaces what is different without a refused request, and leaves the rest alone', async () => {
    await using supervisor = open([spec('same'), spec('changed'), spec('alone', { replace: 'exclusive' }), spec('gone')]);
    await Promise.all(['same', 'changed', 'alone', 'gone'].map((id) => supervisor.waitUntilRunning(id, 60_000)));
    const before = Object.fromEntries(['same', 'changed', 'alone', 'gone'].map((id) => [id, pidOf(supervisor, id)]));
    const callers = ['changed', 'alone'].map((id) => pester(supervisor, id));
    for (const { id, hasAnswered } of callers) await until(`an answer of ${id}`, () => hasAnswered(before[id]));
    const late = ask(supervisor, 'gone', '/soon');
    await until('the request', () => supervisor.module('gone').requestsInFlight === 1);
    const gone = supervisor.module('gone');
    const changes = supervisor.configure([
      spec('new'),
      spec('same'),
      spec('changed', { env: { MORE: 'x' } }),
      spec('alone', { replace: 'exclusive', env: { MORE: 'x' } }),
    ]);
    assert.deepEqual(changes, { started: ['new'], replaced: ['changed', 'alone'], stopped: ['gone'], unchanged: ['same'] });
    await supervisor.waitUntilRunning('new', 60_000);
    for (const { id, hasAnswered, end } of callers) {
      await until(`a new ${id}`, () => supervisor.module(id).status === 'running' && pidOf(supervisor, id) !== before[id]);
      await until(`an answer of the new ${id}`, () => hasAnswered(pidOf(supervisor, id)));
      await end();
    }
    assert.equal(pidOf(supervisor, 'same'), before['same']);
    // It answered what it had been asked before it ended.
    assert.equal(await late, String(before['gone']));
    await assert.rejects(ask(supervisor, 'gone'), { code: 'SERVICE_UNAVAILABLE' });
    await until('the end', () => gone.status === 'stopped' && !isAlive(Number(before['gone'])));
    assert.deepEqual(
      supervisor.state().map(({ id }) => id),
      ['new', 'same', 'changed', 'alone'],
    );
  });

  it('goes on with the run that serves when the new one does not come up, and takes the next configuration', async () => {
    await using supervisor = open([spec('a')]);
    await supervisor.waitUntilRunning('a', 60_000);
    const pid = pidOf(supervisor, 'a');
    supervisor.configure([spec('a', { launch: { kind: 'command', file: '/no/such/program', args: [], cwd: '/' } })]);
    await until(
      'the failure',
      () =>
        !supervisor.module('a').isReplacing &&
        supervisor
          .module('a')
          .log.newest(9)
          .entries.some(({ level }) => level === 'error'),
    );
    assert.equal(await ask(supervisor, 'a'), String(pid));
    // The second comes while the first is being carried out.
    supervisor.configure([spec('a', { env: { MORE: '1' } })]);
    supervisor.configure([spec('a', { env: { MORE: '2' } })]);
    await until('the last one', () => !supervisor.module('a').isReplacing && pidOf(supervisor, 'a') !== pid);
    assert.deepEqual(supervisor.module('a').spec.env, { MORE: '2' });
    assert.deepEqual(supervisor.configure([spec('a', { env: { MORE: '2' } })]).unchanged, ['a']);
    assert.throws(() => supervisor.configure([spec('b'), spec('b')]), RangeError);
    assert.equal(await ask(supervisor, 'a'), String(pidOf(supervisor, 'a')));
  });

  it('starts what was given up and leaves alone what people have stopped', async () => {
    const broken = { launch: { kind: 'command', file: '/no/such/program', args: [], cwd: '/' }, attempts: 1 } as const;
    await using supervisor = open([spec('a', broken), spec('b')]);
    await supervisor.waitUntilRunning('b', 60_000);
    await until('it is given up', () => supervisor.module('a').status === 'failed');
    await supervisor.module('b').stop();
    const more = { env: { MORE: 'x' } };
    supervisor.configure([spec('a'), spec('b', more)]);
    await supervisor.waitUntilRunning('a', 60_000);
    assert.equal(supervisor.module('b').status, 'stopped');
    const pid = pidOf(supervisor, 'a');
    supervisor.module('a').drain();
    supervisor.configure([spec('a', more), spec('b', more)]);
    assert.deepEqual([supervisor.module('a').status, pidOf(supervisor, 'a')], ['drained', pid]);
    // With its requests it gets its configuration.
    supervisor.module('a').start();
    await until('the new run', () => pidOf(supervisor, 'a') !== pid);
    supervisor.module('b').start();
    await supervisor.waitUntilRunning('b', 60_000);
  });
});

describe('SIGHUP to the server', () => {
  it('takes what has changed in modules.yaml; of a file that is wrong it says the line, and nothing changes', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'loopwright-reload-'));
    const file = join(dir, 'modules.yaml');
    const entry = (more = ''): string => `{ command: node, args: ['${PLAIN.kind === 'node' ? PLAIN.entry : ''}']${more} }`;
    await writeFile(file, `modules:\n  a: ${entry()}\n`);
    const flags = ['--data-dir', join(dir, 'data'), '--modules-file', file, '--log-level', 'info', ...NO_PROGRAMS];
    const server = await startTestServer(flags);
    const list = async (): Promise<Record<string, number | null>> => {
      const { modules } = moduleListSchema.parse(await (await fetch(`${server.url}/api/v1/modules`, { headers: ANN })).json());
      return Object.fromEntries(
        modules.filter(({ name }) => name !== 'edge').map(({ name, pid, status }) => [name, status === 'running' ? pid : null]),
      );
    };
    const eventually = async (
      what: string,
      holds: (now: Record<string, number | null>) => boolean,
    ): Promise<Record<string, number | null>> => {
      for (const end = performance.now() + 60_000; performance.now() < end; await delay(20)) {
        const now = await list();
        if (holds(now)) return now;
      }
      return assert.fail(what);
    };
    try {
      const { a } = await eventually('a runs', (now) => typeof now['a'] === 'number');
      await writeFile(file, `modules:\n  a: ${entry(', memory: 1')}\n`);
      server.process.kill('SIGHUP');
      await until('the complaint', () => server.log.some((line) => line.includes('line 2: /modules/a/memory')));
      const refused = await fetch(`${server.url}/api/v1/modules/reload`, { method: 'POST', headers: ANN });
      assert.equal(refused.status, 400);
      assert.match(await refused.text(), /line 2: \/modules\/a\/memory/);
      assert.deepEqual(await list(), { a });
      await writeFile(file, `modules:\n  a: ${entry()}\n  b: ${entry()}\n`);
      server.process.kill('SIGHUP');
      const { a: same } = await eventually('b runs', (now) => typeof now['b'] === 'number');
      assert.equal(same, a);
      await writeFile(file, `modules:\n  b: ${entry()}\n`);
      const changes = await fetch(`${server.url}/api/v1/modules/reload`, { method: 'POST', headers: ANN });
      assert.deepEqual(await changes.json(), { started: [], replaced: [], stopped: ['a'], unchanged: ['edge', 'b'] });
      await eventually('a is gone', (now) => !('a' in now));
    } finally {
      await server.stop();
      await rm(dir, { recursive: true });
    }
  });
});
