import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ANN, type RunServer, createOne, detailOf, metricsOf, nextOf, openRunServer } from '../../runs/runs-fixture.ts';

let server: RunServer;
before(async () => {
  server = await openRunServer();
});
after(() => server[Symbol.asyncDispose]());

describe('a run', () => {
  it('goes through its phases', async () => {
    const created = await createOne(server, { profile: 'small_one', intake: 'Build it', metadata: { client: 'Acme' } });
    console.log(created);
    console.log(await detailOf(server, created.run_id), (await server.get(`/runs/${created.run_id}/why`)).body);
    console.log(await nextOf(server, created.run_id));
    console.log(await nextOf(server, created.run_id));
    console.log(await nextOf(server, created.run_id));
    console.dir(await metricsOf(server, created.run_id), { depth: 9 });
    console.dir((await server.get(`/runs/${created.run_id}/artifacts`)).body, { depth: 9 });
    console.dir((await server.get(`/runs?q=BUILD`)).body, { depth: 9 });
    console.dir((await server.post(`/runs`, { profile: 3, extra: 1 }, ANN)).body, { depth: 9 });
    console.dir((await server.post(`/runs`, { profile: 'x' })).body, { depth: 9 });
    console.dir((await server.post(`/runs`, { profile: 'x' }, ANN)).body, { depth: 9 });
    assert.ok(true);
  });
});
