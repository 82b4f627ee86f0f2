import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { loadDefinition } from '@loopwright/engine';
import { z } from 'zod';
import { DEFINITIONS, type TestServer, openServer, startReview } from '../app-fixture.ts';

let server: TestServer;
before(async () => {
  server = await openServer();
});
after(() => server[Symbol.asyncDispose]());

const pageSchema = z.looseObject({ next_cursor: z.string().nullable(), total: z.int().optional() });

/** What a list of the API is walked with. */
interface Walk {
  readonly path: string;
  readonly field: string;
  /** What entries are told apart by. */
  readonly key: string;
  /** Further parameters of the query. */
  readonly query?: string;
  /** What happens to the list after its first page. */
  readonly meanwhile?: () => Promise<unknown>;
}

/** The keys of a list, in pages of two, and what each page said of the whole. */
async function walk({ path, field, key, query = '', meanwhile }: Walk): Promise<{ keys: unknown[]; totals: unknown[] }> {
  const entries = z.array(z.looseObject({}));
  const keys: unknown[] = [];
  const totals: unknown[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const answer = await server.get(`${path}?limit=2${query}${cursor === '' ? '' : `&cursor=${cursor}`}`);
    assert.equal(answer.status, 200, `${path}: ${JSON.stringify(answer.body)}`);
    const page = pageSchema.parse(answer.body);
    const found = entries.parse(page[field]);
    assert.ok(found.length <= 2 && (page.next_cursor === null || found.length === 2), path);
    if (cursor === '') await meanwhile?.();
    keys.push(...found.map((entry) => entry[key]));
    totals.push(page.total);
    cursor = page.next_cursor;
  }
  return { keys, totals };
}

const storeProgram = (name: string, id: string): Promise<unknown> =>
  server.programs.store(name, { id, source: 'export const run = (input: string): string => input;' });

describe('the pages of a list', () => {
  it('have each workflow once, whatever is registered meanwhile', async () => {
    const { keys: known } = await walk({ path: '/api/v1/workflows', field: 'workflows', key: 'workflow_id' });
    const names = [...server.engine.definitions.keys()].toSorted((one, other) => (one < other ? -1 : 1));
    assert.deepEqual(known, names);
    assert.equal(known.length, Object.keys(DEFINITIONS).length);
    const plain = (name: string): string => DEFINITIONS.plain.replace('name: plain', `name: ${name}`);
    const { keys, totals } = await walk({
      path: '/api/v1/workflows',
      field: 'workflows',
      key: 'workflow_id',
      meanwhile: async () => {
        for (const name of ['aaa', 'zzz']) await server.register(plain(name), 'default');
      },
    });
    assert.deepEqual(keys, [...known, 'zzz'], 'one that comes before the page is not missed, and nothing is there twice');
    assert.deepEqual([totals[0], totals.at(-1)], [known.length, known.length + 2]);
  });

  it('have each program, version and promotion once', async () => {
    for (const name of ['b', 'c', 'd']) await storeProgram(name, name);
    const { keys } = await walk({
      path: '/api/v1/programs',
      field: 'programs',
      key: 'name',
      meanwhile: () => Promise.all(['a', 'e'].map((name) => storeProgram(name, name))),
    });
    assert.deepEqual(keys, ['b', 'c', 'd', 'e']);
    for (const id of ['b2', 'b3']) await storeProgram('b', id);
    const versions = { path: '/api/v1/programs/b/versions', field: 'versions', key: 'version' };
    assert.deepEqual((await walk({ ...versions, meanwhile: () => storeProgram('b', 'b4') })).keys, [1, 2, 3, 4]);
    const promote = (version: number): Promise<unknown> =>
      server.programs.setActive('b', version, { record: { id: `p${version}` } });
    for (const version of [1, 2, 3]) await promote(version);
    const promotions = { path: '/api/v1/programs/b/promotions', field: 'promotions', key: 'to' };
    assert.deepEqual((await walk({ ...promotions, meanwhile: () => promote(4) })).keys, [1, 2, 3, 4]);
  });

  it('have each execution of an old definition, and each that is stuck, once', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) ids.push((await startReview(server)).execution_id);
    const revised = DEFINITIONS.review.replace("version: '1.2.0'", "version: '1.3.0'");
    await server.engine.register(loadDefinition(revised, server.engine.functions));
    const [first = '', second = '', third = '', ...rest] = ids;
    const old = { path: '/api/v1/workflows/review/versions', field: 'outdated', key: 'execution_id' };
    const ended = await walk({ ...old, meanwhile: () => server.post(`/api/v1/executions/${first}/cancel`) });
    assert.deepEqual(ended.keys, ids, 'one that ends in between moves none of the others');
    for (const id of [second, third, ...rest]) await server.post(`/api/v1/executions/${id}/pause`);
    const stuck = { path: '/api/v1/executions/stuck', field: 'executions', key: 'execution_id' };
    assert.deepEqual((await walk({ ...stuck, query: '&for_seconds=0' })).keys, [second, third, ...rest]);
    assert.deepEqual((await walk(stuck)).keys, [], 'none of them is so for a minute');
  });
});
