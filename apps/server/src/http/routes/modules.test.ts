import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { moduleAnswerSchema, moduleListSchema, moduleLogSchema, moduleSchema, rotationSchema } from '@loopwright/protocol';
import { PLAIN } from '../../modules/supervisor-fixture.ts';
import { Supervisor } from '../../modules/supervisor.ts';
import { type TestServer, errorIn, openServer } from '../app-fixture.ts';

let server: TestServer;
let supervisor: Supervisor;
before(async () => {
  const spec = { launch: PLAIN, listen: '127.0.0.1:0', isRequired: false } as const;
  supervisor = new Supervisor({
    modules: [
      { ...spec, id: 'b', permissions: { routes: ['GET /well', 'POST /echo'], secrets: ['KEY'] }, limits: { processes: 5 } },
      { ...spec, id: 'a', env: { MODE: 'tcp' }, channels: ['ipc', 'tcp'] },
      { ...spec, id: 'd', isInternal: true },
      { ...spec, id: 'c', launch: { kind: 'attach', tokenSha256: 'a'.repeat(64) } },
    ],
    orchestratorApi: '',
    log: () => undefined,
  });
  server = await openServer({ supervisor });
  supervisor.start();
  await Promise.all([supervisor.waitUntilRunning('a', 15_000), supervisor.waitUntilRunning('b', 60_000)]);
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await supervisor.stop();
});

const post = async (path: string, body?: unknown): Promise<Awaited<ReturnType<TestServer['post']>>> =>
  server.post(`/api/v1/modules/${path}`, body);

describe('/api/v1/modules', () => {
  it('lists the modules by name, with what they use and may', async () => {
    const first = moduleListSchema.parse((await server.get('/api/v1/modules?limit=2')).body);
    assert.deepEqual([first.modules.map(({ name }) => name), first.total], [['a', 'b'], 4]);
    const [, b] = first.modules;
    assert.deepEqual(b?.permissions, {
      routes: ['GET /well', 'POST /echo'],
      secrets: ['KEY'],
      services: [],
      provides: [],
      sends: [],
      topics: [],
    });
    // By control groups, where this machine has some.
    assert.ok(b.limits.kept_by === 'cgroup' || b.limits.reason !== null);
    assert.deepEqual([b.health, b.registration, b.alerts, b.sla.kept.throughput], ['unknown', null, [], null]);
    assert.deepEqual(
      [b.status, b.kind, b.limits, b.usage?.processes],
      [
        'running',
        'process',
        { memory_mb: null, processes: 5, cpus: null, kept_by: b.limits.kept_by, reason: b.limits.reason },
        1,
      ],
    );
    const rest = await server.get(`/api/v1/modules?limit=2&cursor=${first.next_cursor}`);
    const [c] = moduleListSchema.parse(rest.body).modules;
    assert.deepEqual([c?.status, c?.kind, c?.usage, c?.usage_reason], ['waiting', 'attached', null, 'it runs somewhere else']);
    errorIn(await server.get('/api/v1/modules/nobody'), 'MODULE_NOT_FOUND');
  });

  it('asks open routes of a module, and gives its answer or why there is none', async () => {
    const asked = moduleAnswerSchema.parse((await post('b/request', { path: '/well' })).body);
    assert.deepEqual(asked, { status: 200, content_type: null, body: null, text: String(supervisor.state()[0]?.pid) });
    const echoed = await post('b/request', { method: 'POST', path: '/echo', body: { a: [1] } });
    assert.equal(moduleAnswerSchema.parse(echoed.body).text, '{"a":[1]}');
    errorIn(await post('b/request', { path: '/exit' }), 'FORBIDDEN');
    errorIn(await post('c/request', { path: '/well' }), 'SERVICE_UNAVAILABLE');
    errorIn(await post('d/request', { path: '/well' }), 'FORBIDDEN');
    errorIn(await post('a/request', { path: '//evil/x' }), 'VALIDATION_ERROR');
    const over = await post('a/request', { method: 'POST', path: '/never', timeout_seconds: 0.1 });
    assert.equal(over.status, 504);
    errorIn(over, 'MODULE_TIMEOUT');
    errorIn(await post('a/request', { method: 'POST', path: '/over-window' }), 'MODULE_PROTOCOL_ERROR');
  });

  it('replaces, drains, stops and starts a module, and says when it is in no state for that', async () => {
    const { pid } = moduleSchema.parse((await server.get('/api/v1/modules/a')).body);
    const replaced = moduleSchema.parse((await post('a/replace', { reason: 'a new version' })).body);
    assert.equal(replaced.status, 'running');
    assert.notEqual(replaced.pid, pid);
    assert.equal(moduleSchema.parse((await post('a/drain')).body).status, 'drained');
    errorIn(await post('a/replace'), 'INVALID_STATE');
    assert.equal(moduleSchema.parse((await post('a/start')).body).status, 'running');
    assert.equal(moduleSchema.parse((await post('a/stop')).body).status, 'stopped');
    errorIn(await post('a/request', { path: '/well' }), 'SERVICE_UNAVAILABLE');
    assert.equal(moduleSchema.parse((await post('a/restart')).body).status, 'starting');
    await supervisor.waitUntilRunning('a', 60_000);
    errorIn(await post('c/replace'), 'INVALID_STATE');
    // It does not speak of rotations, and nobody is attached.
    assert.deepEqual(rotationSchema.parse((await post('c/rotate', { names: ['KEY'] })).body), { status: 'gone', message: null });
  });

  it('gives the log of a module line by line, and where later lines begin', async () => {
    const first = moduleLogSchema.parse((await server.get('/api/v1/modules/b/logs?limit=500')).body);
    assert.deepEqual(
      [first.entries[0]?.source, first.entries[0]?.text, first.next_cursor],
      ['supervisor', 'it listens on ipc:b', null],
    );
    supervisor.module('b').restart();
    await supervisor.waitUntilRunning('b', 60_000);
    const later = await server.get(`/api/v1/modules/b/logs?limit=1&cursor=${first.tail_cursor}`);
    const second = moduleLogSchema.parse(later.body);
    assert.deepEqual([second.entries[0]?.seq, second.missed], [(first.entries.at(-1)?.seq ?? 0) + 1, 0]);
    const third = moduleLogSchema.parse((await server.get(`/api/v1/modules/b/logs?cursor=${second.next_cursor}`)).body);
    assert.ok(third.entries.every(({ seq }) => seq > (second.entries[0]?.seq ?? 0)) && third.entries.length > 0);
    assert.equal(third.next_cursor, null);
  });
});
