import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  type JsonObject,
  batchExecuteResponseSchema,
  edgeHealthSchema,
  edgeRolloutAnswerSchema,
  errorResponseSchema,
  systemClock,
  systemRandom,
  taskExecuteResponseSchema,
} from '@loopwright/protocol';
import { noJail } from '../sandbox/jail/jail.ts';
import { ProgramStore } from '../store/program-store.ts';
import { type Edge, createEdge } from './create-edge.ts';

let dir = '';
let store: ProgramStore;
let edge: Edge;
let url = '';
const logged: string[] = [];

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loopwright-edge-aliases-'));
  store = new ProgramStore({ dir, clock: systemClock });
  for (const n of [1, 2, 3]) await store.store('mark', { id: `v${n}`, source: `export const run = (): number => ${n};` });
  await store.store('other', { id: 'o', source: 'export const run = (): number => 0;' });
  await store.setActive('mark', 1, { record: { id: 'p' } });
  await store.setAlias('mark', 'canary', 2, { record: { id: 'c' } });
  edge = await createEdge({
    dataDir: dir,
    clock: systemClock,
    random: systemRandom,
    sandbox: { jail: noJail, workers: 1, timeoutMs: 1000 },
    authToken: 'secret',
    log: (message) => logged.push(message),
  });
  url = await edge.app.listen({ host: '127.0.0.1', port: 0 });
});
after(async () => {
  await edge.close();
  await rm(dir, { recursive: true, force: true });
});

async function post(path: string, body: object): Promise<{ status: number; headers: Headers; body: JsonObject }> {
  const headers = { 'content-type': 'application/json', authorization: 'Bearer secret' };
  const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, headers: response.headers, body: (await response.json()) as JsonObject };
}

const refresh = (alias: string): ReturnType<typeof post> => post('/tasks/mark/refresh', { alias });
const codeOf = ({ body }: { body: JsonObject }): string => errorResponseSchema.parse(body).error_code;
const health = async (): Promise<ReturnType<typeof edgeHealthSchema.parse>> =>
  edgeHealthSchema.parse(await (await fetch(`${url}/health`)).json());
const aliasesInHealth = async (): Promise<unknown> =>
  (await health()).aliases.map(({ task_id: name, alias, version }) => [name, alias, version]);

async function eventually(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, 'waited for 5 s');
    await new Promise((resolve) => void setTimeout(resolve, 20));
  }
}

describe('requests that name an alias', () => {
  it('are answered by the version that it points to, on every route, and say so', async () => {
    for (const path of ['/execute', '/tasks/mark/execute'])
      for (const [alias, version] of [
        ['canary', 2],
        ['active', 1],
      ] as const) {
        const { status, headers, body } = await post(path, { alias, input: 0 });
        assert.deepEqual([status, body['output'], headers.get('x-program-version')], [200, version, String(version)]);
        assert.equal(headers.get('x-program-alias'), alias);
      }
    const none = await post('/execute', { task_id: 'mark', input: 0 });
    assert.deepEqual([none.body['output'], none.headers.get('x-program-alias')], [1, 'active']);
    const task = await post('/api/v1/tasks/mark/execute', { alias: 'canary', input: 0 });
    assert.partialDeepStrictEqual(taskExecuteResponseSchema.parse(task.body), { version: 2, alias: 'canary', output: 2 });
    const named = await post('/api/v1/tasks/mark/execute', { version: 2, input: 0 });
    assert.equal(taskExecuteResponseSchema.parse(named.body).alias, null);
    assert.equal(named.headers.get('x-program-alias'), null);
    for (const path of ['/batch/execute', '/api/v1/batch/execute']) {
      const batch = await post(path, { task_id: 'mark', alias: 'canary', items: [{ id: 'a', input: 0 }] });
      assert.partialDeepStrictEqual(batchExecuteResponseSchema.parse(batch.body), {
        version: 2,
        alias: 'canary',
        success_count: 1,
      });
      assert.equal(batch.headers.get('x-program-alias'), 'canary');
    }
    assert.deepEqual(await aliasesInHealth(), [['mark', 'canary', 2]]);
  });

  it('are refused for an alias that there is not, a name that is none, and a version beside it', async () => {
    for (const alias of ['nobody', 'constructor', 'v2']) {
      const refused = await post('/execute', { alias, input: 0 });
      assert.deepEqual([refused.status, codeOf(refused)], [404, 'ALIAS_NOT_FOUND'], alias);
    }
    const other = await post('/tasks/other/execute', { alias: 'canary', input: 0 });
    assert.equal(codeOf(other), 'ALIAS_NOT_FOUND');
    assert.equal(codeOf(await post('/tasks/ghost/execute', { alias: 'canary', input: 0 })), 'PROGRAM_NOT_FOUND');
    for (const alias of ['', '__proto__', '../canary', 'Canary', 'mark@canary', 'a'.repeat(65), 7, null])
      assert.equal(codeOf(await post('/execute', { alias, input: 0 })), 'VALIDATION_ERROR', String(alias));
    for (const [path, body] of [
      ['/api/v1/tasks/mark/execute', { input: 0 }],
      ['/batch/execute', { task_id: 'mark', items: [{ id: 'a', input: 0 }] }],
    ] as const) {
      const both = await post(path, { ...body, version: 1, alias: 'canary' });
      assert.deepEqual(
        [both.status, errorResponseSchema.parse(both.body).details?.['issues']],
        [400, [{ pointer: '/alias', message: 'cannot be named beside `version`' }]],
      );
    }
  });

  it('lose nothing and meet no other version while the alias moves under load and a rollout of it comes and goes', async () => {
    const moving = new AbortController();
    const seen = new Map<string, number>();
    let answered = 0;
    /** Versions that the alias may be answered by just now. */
    let allowed = new Set(['2']);
    const client = async (alias: string): Promise<void> => {
      while (!moving.signal.aborted) {
        const wasAllowed = allowed;
        const { status, headers, body } = await post('/execute', { alias, input: 0 });
        assert.equal(status, 200, JSON.stringify(body));
        assert.equal(body['output'], Number(headers.get('x-program-version')));
        assert.equal(headers.get('x-program-alias'), alias);
        const version = headers.get('x-program-version') ?? '';
        if (alias === 'active') assert.equal(version, '1', 'a move of another alias touched the active version');
        else assert.ok(wasAllowed.has(version) || allowed.has(version), `version ${version} came while it was elsewhere`);
        if (alias === 'canary') seen.set(version, (seen.get(version) ?? 0) + 1);
        answered += 1;
      }
    };
    const clients = [...Array.from({ length: 6 }, () => client('canary')), ...Array.from({ length: 2 }, () => client('active'))];
    const some = async (): Promise<void> => {
      const start = answered;
      await eventually(() => Promise.resolve(answered >= start + 16));
    };
    for (let n = 0; n < 4; n += 1) {
      const [from, to] = n % 2 === 0 ? [2, 3] : [3, 2];
      allowed = new Set([String(from), String(to)]);
      await store.setAlias('mark', 'canary', to, { expected: from, record: { id: `move-${n}` } });
      assert.equal((await refresh('canary')).body['active_version'], to);
      // What was under way before has been answered by the next round.
      await some();
      allowed = new Set([String(to)]);
      await some();
    }
    allowed = new Set(['2', '3']);
    const plan = { rollout_id: 'half', mode: 'canary' as const, incumbent: 2, candidate: 3, percentage: 50 };
    seen.clear();
    await store.setRollout('mark', plan, 'canary');
    await refresh('canary');
    await eventually(() => Promise.resolve((seen.get('3') ?? 0) > 8 && (seen.get('2') ?? 0) > 8));
    const { rollout } = edgeRolloutAnswerSchema.parse(
      await (await fetch(`${url}/tasks/mark/rollout?alias=canary`, { headers: { authorization: 'Bearer secret' } })).json(),
    );
    assert.equal(rollout?.rollout_id, 'half');
    assert.ok((rollout?.candidate.requests ?? 0) > 8 && (rollout?.incumbent.requests ?? 0) > 8);
    const active = await fetch(`${url}/tasks/mark/rollout`, { headers: { authorization: 'Bearer secret' } });
    assert.deepEqual(await active.json(), { rollout: null }, 'it is no rollout of the active version');
    // The pointer wins over the plan that stands beside it.
    await store.setAlias('mark', 'canary', 1, { record: { id: 'away' } });
    allowed = new Set(['1', '2', '3']);
    await refresh('canary');
    await some();
    allowed = new Set(['1']);
    await some();
    moving.abort();
    await Promise.all(clients);
    assert.ok(answered > 100);
  });

  it('follow an alias that is made, moved to what cannot run, or removed while nobody tells the edge', async () => {
    await store.setRollout('mark', null, 'canary');
    await store.setAlias('mark', 'canary', 2, { record: { id: 'back' } });
    await store.setAlias('mark', 'late', 3, { record: { id: 'late' } });
    assert.equal((await post('/execute', { alias: 'late', input: 0 })).body['output'], 3);
    await eventually(async () => JSON.stringify(await aliasesInHealth()) === '[["mark","canary",2],["mark","late",3]]');
    await store.store('mark', {
      id: 'broken',
      source: 'export const run = () => { throw new Error("always"); };',
      metadata: { metadata: { warmup_inputs: [0] } },
    });
    await store.setAlias('mark', 'late', 4, { record: { id: 'broken' } });
    assert.equal(codeOf(await refresh('late')), 'PROGRAM_FAILED');
    assert.deepEqual(
      [(await post('/execute', { alias: 'late', input: 0 })).body['output'], (await health()).status],
      [3, 'degraded'],
    );
    await store.setAlias('mark', 'late', null, { record: { id: 'gone' } });
    assert.partialDeepStrictEqual((await refresh('late')).body, { alias: 'late', active_version: null, digest: null });
    assert.equal(codeOf(await post('/execute', { alias: 'late', input: 0 })), 'ALIAS_NOT_FOUND');
    assert.equal((await health()).status, 'healthy');
    await store.setAlias('mark', 'canary', null, { record: { id: 'gone too' } });
    await eventually(async () => JSON.stringify(await aliasesInHealth()) === '[]');
  });

  it('take part in a rollout that begins and ends while nobody tells the edge, also where the plan of another program cannot be read', async () => {
    await mkdir(join(dir, 'artifacts/before/rollout.json'), { recursive: true });
    await store.setAlias('mark', 'canary', 2, { record: { id: 'for the rollout' } });
    const isUnderWay = async (id: string | undefined): Promise<boolean> => {
      const answer = await fetch(`${url}/tasks/mark/rollout?alias=canary`, { headers: { authorization: 'Bearer secret' } });
      return edgeRolloutAnswerSchema.parse(await answer.json()).rollout?.rollout_id === id;
    };
    const plan = { rollout_id: 'untold', mode: 'canary' as const, incumbent: 2, candidate: 3, percentage: 50 };
    await store.setRollout('mark', plan, 'canary');
    await eventually(() => isUnderWay('untold'));
    await store.setRollout('mark', null, 'canary');
    await eventually(() => isUnderWay(undefined));
    assert.ok(logged.some((line) => line.startsWith('Cannot look for rollouts')));
    await rm(join(dir, 'artifacts/before'), { recursive: true });
  });

  it('go on with what was served when the file of the aliases is broken, which is told once', async () => {
    await store.setAlias('mark', 'canary', 2, { record: { id: 'once more' } });
    await refresh('canary');
    await writeFile(join(dir, 'artifacts/mark/aliases.json'), '{"canary":');
    await eventually(() => Promise.resolve(logged.some((line) => line.startsWith('Cannot look for aliases of "mark"'))));
    await store.setActive('mark', 3, { record: { id: 'q' } });
    await eventually(async () => (await health()).active_version === 3);
    assert.equal((await post('/execute', { alias: 'canary', input: 0 })).body['output'], 2);
    assert.equal(logged.filter((line) => line.startsWith('Cannot look for aliases of "mark"')).length, 1);
  });
});
