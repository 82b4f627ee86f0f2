import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type MetricsSummary, metricsSummarySchema, runDetailSchema, runSummarySchema } from '@loopwright/protocol';
import { keyFor } from '../../http/identity-fixture.ts';
import { type RunServer, expectStatus, openRunServer } from '../runs-fixture.ts';

let server: RunServer;
/** Sees the project `a` only. */
let ann: Record<string, string>;
/** Sees `a` and `b`. */
let bob: Record<string, string>;
before(async () => {
  server = await openRunServer();
  ann = { authorization: (await keyFor(server.identity, 'ann', 'operator')).headers.authorization };
  bob = { authorization: (await keyFor(server.identity, 'bob', 'operator')).headers.authorization };
  await server.authorization.grants.put({ project_id: 'b', user_id: 'ann', role: 'none', granted_by: 'root' });
});
after(() => server.close());

/** Creates a run of three phases in a project, at the first of them. */
async function create(project: string, by: Record<string, string>): Promise<string> {
  const body = { profile: 'small_one', project_id: project };
  return runSummarySchema.parse(expectStatus(await server.post('/api/v1/runs', body, by), 201)).run_id;
}

async function complete(project: string, by: Record<string, string>): Promise<void> {
  const id = await create(project, by);
  for (let phase = 0; phase < 3; phase += 1)
    expectStatus(await server.post(`/api/v1/runs/${id}/next`, { skip_validation: true }, by), 200);
}

async function metrics(id: string, by: Record<string, string>): Promise<MetricsSummary> {
  return metricsSummarySchema.parse(expectStatus(await server.get(`/api/v1/runs/${id}/metrics`, by), 200));
}

const firstPhase = ({ phases_metrics: [first], time_to_completion: time }: MetricsSummary): unknown => [
  first?.cost.estimated_usd,
  time.runs,
  time.from,
];

describe('figures of a run that rest on other runs', () => {
  it('rest on runs of its project, else on those that whoever asks may see, and tell nothing of others', async () => {
    const id = await create('a', ann);
    await complete('b', bob);
    assert.deepEqual(firstPhase(await metrics(id, ann)), [null, 0, 'project'], 'ann does not see b');
    assert.match((await metrics(id, ann)).cost_projection.reason ?? '', /that you may see/);
    assert.deepEqual(firstPhase(await metrics(id, bob)), [0.25, 1, 'granted_projects']);
    const detail = runDetailSchema.parse(expectStatus(await server.get(`/api/v1/runs/${id}`, ann), 200));
    assert.equal(detail.phases[0]?.cost.estimated_usd, null);
    await complete('a', bob);
    for (const user of [ann, bob]) assert.deepEqual(firstPhase(await metrics(id, user)), [0.25, 1, 'project']);
    const measured = await metrics(id, bob);
    await complete('b', bob);
    assert.deepEqual(await metrics(id, bob), measured, 'another project changes nothing');
    assert.equal((await server.get(`/api/v1/runs/${await create('b', bob)}/metrics`, ann)).status, 404);
  });
});
