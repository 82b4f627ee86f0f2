import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  type ProgramAlias,
  batchExecuteResponseSchema,
  programAliasListSchema,
  programAliasSchema,
  programTimelineSchema,
  promotionListSchema,
  rolloutListSchema,
  rolloutSchema,
  taskExecuteResponseSchema,
} from '@loopwright/protocol';
import { type Answer, type TestServer, errorIn } from '../app-fixture.ts';
import { type Served, openServed } from '../served-fixture.ts';

const PATH = '/api/v1/programs/mark';

let served: Served;
let server: TestServer;
before(async () => {
  served = await openServed(async (programs) => {
    for (const n of [1, 2, 3]) await programs.store('mark', { id: `v${n}`, source: `export const run = (): number => ${n};` });
    await programs.setActive('mark', 1, { record: { id: 'first' } });
    await programs.store('bare', { id: 'b', source: 'export const run = (): number => 0;' });
  });
  ({ server } = served);
});
after(() => served[Symbol.asyncDispose]());

const pathOf = (alias: string): string => `${PATH}/aliases/${alias}`;
const etagOf = async (alias: string): Promise<string> => (await server.get(pathOf(alias))).headers.get('etag') ?? '';
const put = (alias: string, version: number, headers: Record<string, string>): Promise<Answer> =>
  server.send('PUT', pathOf(alias), { version, comment: 'by hand' }, headers);
const move = async (alias: string, version: number): Promise<ProgramAlias> => {
  const { status, body } = await put(alias, version, { 'if-match': await etagOf(alias) });
  assert.equal(status, 200, JSON.stringify(body));
  return programAliasSchema.parse(body);
};
const ask = (alias?: string): Promise<Answer> =>
  server.post(`${PATH}/execute`, { input: 0, ...(alias === undefined ? {} : { alias }) });
const answered = ({ headers, status }: Answer): unknown => [
  status,
  headers.get('x-program-alias'),
  headers.get('x-program-version'),
];
const timeline = async (query: string): Promise<ReturnType<typeof programTimelineSchema.parse>> =>
  programTimelineSchema.parse((await server.get(`${PATH}/timeline?${query}`)).body);

describe('/api/v1/programs/{name}/aliases', () => {
  it('makes an alias once, moves it only by who has seen it, and the edge serves it when it answers', async () => {
    errorIn(await server.get(pathOf('canary')), 'ALIAS_NOT_FOUND');
    errorIn(await put('canary', 2, { 'if-match': '*' }), 'ALIAS_NOT_FOUND');
    errorIn(await put('canary', 9, { 'if-none-match': '*' }), 'ARTIFACT_NOT_FOUND');
    const made = await put('canary', 2, { 'if-none-match': '*' });
    assert.equal(made.status, 201);
    assert.partialDeepStrictEqual(programAliasSchema.parse(made.body), {
      alias: 'canary',
      version: 2,
      weights: [{ version: 2, percentage: 100 }],
      rollout_id: null,
    });
    assert.equal(made.headers.get('etag'), await etagOf('canary'));
    errorIn(await put('canary', 3, { 'if-none-match': '*' }), 'PRECONDITION_FAILED');
    errorIn(await put('canary', 3, {}), 'PRECONDITION_REQUIRED');
    errorIn(await put('canary', 3, { 'if-match': '"2-0"' }), 'PRECONDITION_FAILED');
    assert.deepEqual(answered(await ask('canary')), [200, 'canary', '2']);
    assert.deepEqual(answered(await ask()), [200, 'active', '1']);
    assert.equal((await move('canary', 3)).version, 3);
    assert.deepEqual(answered(await ask('canary')), [200, 'canary', '3']);
    const tag = await etagOf('canary');
    const both = await Promise.all([put('canary', 1, { 'if-match': tag }), put('canary', 2, { 'if-match': tag })]);
    assert.equal(both.filter(({ status }) => status === 200).length, 1);
    assert.ok(both.every(({ status }) => [200, 409, 412].includes(status)));
    await move('canary', 3);
    const task = await server.post('/api/v1/tasks/mark/execute', { input: 0, alias: 'canary' });
    assert.partialDeepStrictEqual(taskExecuteResponseSchema.parse(task.body), { version: 3, alias: 'canary' });
    const batch = await server.post('/api/v1/batch/execute', {
      task_id: 'mark',
      alias: 'canary',
      items: [{ id: 'a', input: 0 }],
    });
    assert.partialDeepStrictEqual(batchExecuteResponseSchema.parse(batch.body), { version: 3, alias: 'canary' });
    errorIn(await server.post('/api/v1/tasks/mark/execute', { input: 0, alias: 'canary', version: 2 }), 'VALIDATION_ERROR');
  });

  it('lists them by name, `active` among them, also of a program where nothing is', async () => {
    const { aliases, total } = programAliasListSchema.parse((await server.get(`${PATH}/aliases`)).body);
    assert.deepEqual(
      [aliases.map(({ alias, version }) => [alias, version]), total],
      [
        [
          ['active', 1],
          ['canary', 3],
        ],
        2,
      ],
    );
    const bare = programAliasListSchema.parse((await server.get('/api/v1/programs/bare/aliases')).body);
    assert.deepEqual(
      bare.aliases.map(({ alias, version }) => [alias, version]),
      [['active', null]],
    );
    errorIn(await server.get('/api/v1/programs/nobody/aliases'), 'PROGRAM_NOT_FOUND');
  });

  it('goes back in one call, and keeps where it pointed when, by whom and why, after it was removed too', async () => {
    const back = await server.post(`${pathOf('canary')}/rollback`, { reason: 'odd' }, { 'if-match': await etagOf('canary') });
    const { version } = programAliasSchema.parse(back.body);
    assert.deepEqual(answered(await ask('canary')), [200, 'canary', String(version)]);
    errorIn(await server.post(`${pathOf('canary')}/rollback`, {}), 'PRECONDITION_REQUIRED');
    errorIn(await server.post(`${pathOf('ghost')}/rollback`, {}, { 'if-match': '*' }), 'ALIAS_NOT_FOUND');
    const whole = await timeline('alias=canary');
    const last = whole.active;
    assert.partialDeepStrictEqual(last, { version, is_rollback: true, why: 'odd', moved_by: 'developer', until: null });
    const third = whole.entries[1];
    assert.equal((await timeline(`alias=canary&at=${encodeURIComponent(third?.at ?? '')}`)).active?.version, 3);
    errorIn(await server.send('DELETE', pathOf('canary')), 'PRECONDITION_REQUIRED');
    errorIn(await server.send('DELETE', pathOf('active'), undefined, { 'if-match': '*' }), 'VALIDATION_ERROR');
    const removed = await server.send('DELETE', pathOf('canary'), undefined, { 'if-match': await etagOf('canary') });
    assert.equal(programAliasSchema.parse(removed.body).version, version);
    errorIn(await ask('canary'), 'ALIAS_NOT_FOUND');
    const gone = await timeline('alias=canary');
    assert.deepEqual([gone.active, gone.entries.length], [null, whole.entries.length]);
    assert.notEqual(gone.entries.at(-1)?.until, null);
    errorIn(await server.get(`${PATH}/timeline?alias=ghost`), 'ALIAS_NOT_FOUND');
    const { promotions } = promotionListSchema.parse((await server.get(`${PATH}/promotions`)).body);
    assert.deepEqual(
      promotions.map(({ id }) => id),
      ['first'],
      'moves of other aliases are no promotions',
    );
  });

  it('refuses names that are none, and more than sixteen', async () => {
    for (const alias of ['__proto__', '..%2fescape', 'Canary', 'a'.repeat(65), '1', 'a%00', 'a@b', '%F0%9F%90%A4'])
      assert.equal((await put(alias, 1, { 'if-none-match': '*' })).status, 400, alias);
    errorIn(await server.get(`${PATH}/timeline?alias=A`), 'VALIDATION_ERROR');
    for (let n = 1; n <= 15; n += 1) await server.programs.setAlias('mark', `a${n}`, 1, { record: { id: `a${n}` } });
    errorIn(await put('constructor', 1, { 'if-none-match': '*' }), 'LIMIT_EXCEEDED');
    for (let n = 1; n <= 15; n += 1) await server.programs.setAlias('mark', `a${n}`, null, { record: { id: `-a${n}` } });
    assert.equal((await put('constructor', 1, { 'if-none-match': '*' })).status, 201);
    assert.deepEqual(answered(await ask('constructor')), [200, 'constructor', '1']);
  });
});

describe('a rollout of an alias', () => {
  it('shares the requests of that alias only, beside one of the active version, and ends with the alias at the candidate', async () => {
    await put('canary', 2, { 'if-none-match': '*' });
    const start = async (alias: string, candidate: number, of = alias): Promise<Answer> =>
      server.post(`${PATH}/rollouts`, { candidate, alias, stages: [50, 100] }, { 'if-match': await etagOf(of) });
    errorIn(await start('ghost', 3, 'canary'), 'ALIAS_NOT_FOUND');
    errorIn(await start('canary', 2), 'INVALID_STATE');
    const rollout = rolloutSchema.parse((await start('canary', 3)).body);
    assert.deepEqual([rollout.alias, rollout.incumbent, rollout.candidate], ['canary', 2, 3]);
    errorIn(await start('canary', 3), 'ROLLOUT_IN_PROGRESS');
    const other = rolloutSchema.parse((await start('active', 2)).body);
    const seen = async (alias: string): Promise<unknown> => {
      const answers = await Promise.all(Array.from({ length: 40 }, () => ask(alias)));
      return [...new Set(answers.map(({ headers }) => headers.get('x-program-version') ?? ''))].toSorted();
    };
    assert.deepEqual(
      [await seen('canary'), await seen('active')],
      [
        ['2', '3'],
        ['1', '2'],
      ],
    );
    assert.deepEqual(programAliasSchema.parse((await server.get(pathOf('canary'))).body).weights, [
      { version: 2, percentage: 50 },
      { version: 3, percentage: 50 },
    ]);
    const act = (id: string, action: string): Promise<Answer> =>
      server.post(`${PATH}/rollouts/${id}/${action}`, { reason: 'enough' }, { 'if-match': '*' });
    assert.equal(rolloutSchema.parse((await act(rollout.rollout_id, 'promote')).body).status, 'completed');
    assert.deepEqual([await seen('canary'), await seen('active')], [['3'], ['1', '2']]);
    assert.equal((await timeline('alias=canary')).active?.rollout_id, rollout.rollout_id);
    assert.equal(rolloutSchema.parse((await act(other.rollout_id, 'rollback')).body).status, 'rolled_back');
    assert.deepEqual([await seen('canary'), await seen('active')], [['3'], ['1']]);
    // Whoever removes the alias has ended its rollout.
    const { rollout_id: last } = rolloutSchema.parse((await start('canary', 1)).body);
    await server.send('DELETE', pathOf('canary'), undefined, { 'if-match': '*' });
    for (const end = performance.now() + 10_000; ;) {
      const { rollouts } = rolloutListSchema.parse((await server.get(`${PATH}/rollouts`)).body);
      const ended = rollouts.find(({ rollout_id: id }) => id === last);
      if (ended?.status === 'failed') {
        assert.match(ended.status_reason ?? '', /was removed/u);
        break;
      }
      assert.ok(performance.now() < end, JSON.stringify(ended));
      await new Promise((resolve) => void setTimeout(resolve, 50));
    }
  });
});
