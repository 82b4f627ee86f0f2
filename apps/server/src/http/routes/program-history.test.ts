import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  executeResponseSchema,
  programAliasSchema,
  programTimelineSchema,
  promotionListSchema,
  storedDiffListSchema,
  storedDiffSchema,
} from '@loopwright/protocol';
import { type TestServer, errorIn, pointersIn } from '../app-fixture.ts';
import { type Served, openServed } from '../served-fixture.ts';

const SOURCE = (limit: number): string =>
  `export function run(input: number): string { if (input < 0) throw new Error('below zero'); return input >= ${limit} ? 'high' : 'low'; }`;
const PATH = '/api/v1/programs/gauge';
const ALIAS = `${PATH}/aliases/active`;

let served: Served;
let server: TestServer;
before(async () => {
  served = await openServed(async (programs) => {
    for (const limit of [50, 60, 70]) await programs.store('gauge', { id: `limit-${limit}`, source: SOURCE(limit) });
    const diff = { id: 'd'.repeat(64), digest: 'e'.repeat(64) };
    const evidence = { approved_by: 'ann', comment: 'good enough', diff };
    await programs.setActive('gauge', 1, { expected: null, record: { id: 'p1', digest: 'first', execution_id: 'e1', evidence } });
  });
  ({ server } = served);
});
after(() => served[Symbol.asyncDispose]());

const etag = async (): Promise<string> => (await server.get(ALIAS)).headers.get('etag') ?? '';
const answer = async (input: number): Promise<unknown> =>
  executeResponseSchema.parse((await server.post(`${PATH}/execute`, { input })).body).output;
const timeline = async (at = ''): Promise<ReturnType<typeof programTimelineSchema.parse>> =>
  programTimelineSchema.parse((await server.get(`${PATH}/timeline${at}`)).body);

describe('behaviour diffs of a program', () => {
  it('are kept with the version, the newest first', async () => {
    const inputs = Array.from({ length: 100 }, (_, n) => n);
    const { status, body } = await server.post(`${PATH}/diffs`, { candidate: 2, inputs });
    assert.equal(status, 200, JSON.stringify(body));
    const { report, requested_by: by, diff_id: id } = storedDiffSchema.parse(body);
    assert.deepEqual([report.identical, report.changed, report.incumbent.version, by], [90, 10, 1, 'developer']);
    await server.post(`${PATH}/diffs`, { candidate: 2, incumbent: 3, inputs: [65] });
    const { diffs } = storedDiffListSchema.parse((await server.get(`${PATH}/versions/2/diffs`)).body);
    assert.deepEqual(
      diffs.map((diff) => [diff.report.incumbent.version, diff.report.changed]),
      [
        [3, 1],
        [1, 10],
      ],
    );
    assert.equal(diffs[1]?.diff_id, id);
    assert.deepEqual((await server.get(`${PATH}/versions/3/diffs`)).body, { diffs: [], next_cursor: null });
    const first = storedDiffListSchema.parse((await server.get(`${PATH}/versions/2/diffs?limit=1`)).body);
    const second = storedDiffListSchema.parse(
      (await server.get(`${PATH}/versions/2/diffs?limit=1&cursor=${first.next_cursor}`)).body,
    );
    assert.deepEqual([...first.diffs, ...second.diffs], diffs);
    assert.equal(second.next_cursor, null);
  });

  it('refuse what cannot be compared', async () => {
    errorIn(await server.post(`${PATH}/diffs`, { candidate: 9 }), 'ARTIFACT_NOT_FOUND');
    assert.deepEqual(pointersIn(errorIn(await server.post(`${PATH}/diffs`, { candidate: 2, last: 0 }), 'VALIDATION_ERROR')), [
      '/body/last',
    ]);
  });
});

describe('POST /api/v1/programs/{name}/rollback', () => {
  it('goes back step by step, only by who has seen what is active, and the edge serves it when it answers', async () => {
    errorIn(await server.post(`${PATH}/rollback`, {}, { 'if-match': await etag() }), 'INVALID_STATE');
    const headers = { 'content-type': 'application/json' };
    for (const version of [2, 3]) {
      const body = JSON.stringify({ version });
      const moved = await fetch(server.url + ALIAS, { method: 'PUT', headers: { ...headers, 'if-match': await etag() }, body });
      assert.equal(moved.status, 200);
    }
    assert.equal(await answer(65), 'low');
    assert.equal(errorIn(await server.post(`${PATH}/rollback`, {}), 'PRECONDITION_REQUIRED').status, 428);
    assert.equal(errorIn(await server.post(`${PATH}/rollback`, {}, { 'if-match': '"1-0"' }), 'PRECONDITION_FAILED').status, 412);
    const tag = await etag();
    const back = await server.post(`${PATH}/rollback`, { reason: 'too strict' }, { 'if-match': tag });
    assert.equal(programAliasSchema.parse(back.body).version, 2);
    assert.equal(await answer(65), 'high', 'the edge served another version after the rollback was answered');
    assert.notEqual(back.headers.get('etag'), tag);
    assert.equal((await timeline()).rollback_to, 1);
    // Once more does not go forward again.
    const further = await server.post(`${PATH}/rollback`, {}, { 'if-match': await etag() });
    assert.equal(programAliasSchema.parse(further.body).version, 1);
    errorIn(await server.post(`${PATH}/rollback`, {}, { 'if-match': '*' }), 'INVALID_STATE');
  });
});

describe('GET /api/v1/programs/{name}/timeline', () => {
  it('says what was active at an instant, by whom, why and with which diff', async () => {
    const { entries, total, active } = await timeline();
    assert.deepEqual(
      entries.map(({ version, from, is_rollback: isRollback, why }) => [version, from, isRollback, why]),
      [
        [1, null, false, 'good enough'],
        [2, 1, false, null],
        [3, 2, false, null],
        [2, 3, true, 'too strict'],
        [1, 2, true, null],
      ],
    );
    assert.equal(total, 5);
    const newest = await timeline('?sort=-at&limit=2');
    const rest = await timeline(`?sort=-at&cursor=${newest.next_cursor}`);
    assert.deepEqual([...newest.entries, ...rest.entries], entries.toReversed());
    assert.deepEqual([newest.rollback_to, rest.next_cursor], [null, null]);
    const records = promotionListSchema.parse((await server.get(`${PATH}/promotions?sort=-at&limit=2`)).body).promotions;
    assert.deepEqual(
      records.map((record) => record['id']),
      newest.entries.map(({ promotion_id: id }) => id),
    );
    assert.deepEqual(active, entries[4]);
    assert.equal(active?.until, null);
    const [first, second] = entries;
    assert.deepEqual([first?.moved_by, first?.execution_id, first?.diff?.id], ['ann', 'e1', 'd'.repeat(64)]);
    assert.deepEqual([second?.moved_by, second?.until], ['developer', entries[2]?.at]);
    const at = encodeURIComponent(entries[2]?.at ?? '');
    assert.equal((await timeline(`?at=${at}`)).active?.version, 3);
    assert.equal((await timeline('?at=2020-01-01T00:00:00Z')).active, null);
    const page = await timeline('?limit=2');
    assert.deepEqual((await timeline(`?limit=3&cursor=${page.next_cursor}`)).entries, entries.slice(2));
  });

  it('refuses an instant that is none, and a program that is not known', async () => {
    assert.deepEqual(pointersIn(errorIn(await server.get(`${PATH}/timeline?at=yesterday`), 'VALIDATION_ERROR')), [
      '/querystring/at',
    ]);
    errorIn(await server.get('/api/v1/programs/nobody/timeline'), 'PROGRAM_NOT_FOUND');
  });
});
