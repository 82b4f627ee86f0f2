import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import type { ServerResponse } from 'node:http';
import type { ExecutionPlanInput, GenerationEvent } from '@loopwright/protocol';
import { exampleResult } from '../conformance-suite/generation-service.ts';
import { PtcClient } from './ptc-client.ts';
import { type Answer, json, service } from '../fixtures/test-service.ts';

const planOf = (execution_id: string, more: Partial<ExecutionPlanInput> = {}): ExecutionPlanInput => ({
  execution_id,
  scaffolding: { task_description: 'Tell spam from ham', requirements: ['Fast', 'Small'] },
  ...more,
});

/** An answer to a plan that is given when the test says so; other questions get none. */
function held(): { answer: Answer; release: () => void; arrived: Promise<ServerResponse> } {
  const { promise: arrived, resolve } = Promise.withResolvers<ServerResponse>();
  return {
    arrived,
    answer: (response, request) => (request.method === 'POST' ? resolve(response) : response.writeHead(404).end()),
    release: () => void arrived.then((response) => response.end(JSON.stringify(exampleResult({ execution_id: 'a' })))),
  };
}

describe('PtcClient.execute of the same plan at the same time', () => {
  it('makes one request; each caller has its own copy under its own id, and one of them the costs', async () => {
    const { answer, arrived, release } = held();
    await using server = await service(answer);
    await using client = new PtcClient({ serviceUrl: server.url });
    const again = { scaffolding: { task_description: ' tell SPAM from ham ', requirements: ['small ', 'fast'] } };
    const calls = [client.execute(planOf('a')), client.execute(planOf('b')), client.execute(planOf('c', again))];
    await arrived;
    release();
    const results = await Promise.all(calls);
    assert.equal(server.requests.length, 1);
    assert.deepEqual(
      results.map((result) => [result.execution_id, result.from_cache, result.metadata['shared_execution_id']]),
      [
        ['a', false, undefined],
        ['b', false, 'a'],
        ['c', false, 'a'],
      ],
    );
    results[0]?.artifacts.pop();
    results[1]?.warnings.pop();
    assert.deepEqual(results[2]?.artifacts, exampleResult().artifacts);
    assert.deepEqual(results[2]?.warnings, exampleResult().warnings);
    assert.equal((await client.getStats()).client.shared_executions, 2);
  });

  it('leaves the request to the others when a caller gives up, even the one that began it', async () => {
    const { answer, arrived, release } = held();
    await using server = await service(answer);
    await using client = new PtcClient({ serviceUrl: server.url });
    const first = new AbortController();
    const reason = new Error('enough');
    const calls = [
      client.execute(planOf('a'), { signal: first.signal }),
      client.execute(planOf('b')),
      client.execute(planOf('c')),
    ];
    const refused = assert.rejects(calls[0] ?? Promise.resolve(), reason);
    const response = await arrived;
    first.abort(reason);
    await refused;
    assert.equal(response.destroyed, false);
    release();
    const [, second, third] = await Promise.all([refused, calls[1], calls[2]]);
    assert.deepEqual([second?.execution_id, second?.metadata['shared_execution_id']], ['b', undefined]);
    assert.deepEqual([third?.execution_id, third?.metadata['shared_execution_id']], ['c', 'b']);
  });

  it('ends the request when the last caller gives up, and begins a new one for the next', async () => {
    const { answer, arrived } = held();
    await using server = await service(answer, json(200, exampleResult({ execution_id: 'c' })));
    await using client = new PtcClient({ serviceUrl: server.url });
    const [one, two] = [new AbortController(), new AbortController()];
    const calls = [client.execute(planOf('a'), one), client.execute(planOf('b'), two)].map((call) =>
      call.then(() => 'a result', String),
    );
    const response = await arrived;
    const closed = once(response, 'close');
    one.abort(new Error('first'));
    two.abort(new Error('second'));
    assert.equal((await client.execute(planOf('c'))).execution_id, 'c');
    assert.deepEqual(await Promise.all(calls), ['Error: first', 'Error: second']);
    await closed;
    assert.equal(server.requests.length, 2);
  });

  it('tells all callers of a failure, and asks again afterwards', async () => {
    await using server = await service(json(400, {}), json(200, exampleResult()));
    await using client = new PtcClient({ serviceUrl: server.url });
    const both = await Promise.allSettled([client.execute(planOf('a')), client.execute(planOf('b'))]);
    assert.deepEqual(
      both.map((call) => call.status),
      ['rejected', 'rejected'],
    );
    assert.equal((await client.execute(planOf('c'))).status, 'SUCCESS');
    assert.equal(server.requests.length, 2);
  });

  it('shares nothing between plans that differ in more than their ids, nor with the strategy never', async () => {
    await using server = await service(json(200, exampleResult()));
    await using client = new PtcClient({ serviceUrl: server.url });
    const agent = (seed: number) => ({ metadata: { agent: 'induction', seed } });
    const plans = [
      planOf('a'),
      planOf('b', { max_iterations: 5 }),
      planOf('c', { timeout_seconds: 60 }),
      planOf('d', { cache_ttl: 0 }),
      planOf('e', { metadata: { team: 'x' } }),
      planOf('f', agent(1)),
      planOf('g', agent(2)),
      planOf('h', { cache_strategy: 'never' }),
      planOf('i', { cache_strategy: 'never' }),
      planOf('j', { scaffolding: { task_description: 'Tell spam from ham', requirements: ['Fast'] } }),
    ];
    await Promise.all(plans.map((plan) => client.execute(plan)));
    assert.equal(server.requests.length, plans.length);
  });

  it('tells those who ask of the progress, under their own id, whatever a listener throws', async () => {
    const { answer, arrived, release } = held();
    await using server = await service(answer);
    await using client = new PtcClient({ serviceUrl: server.url });
    const heard: Record<string, GenerationEvent[]> = { a: [], b: [] };
    const throwing = (event: GenerationEvent): never => {
      heard['a']?.push(event);
      throw new Error('listener');
    };
    const calls = [
      client.execute(planOf('a', { project_name: 'p' }), { onProgress: throwing }),
      client.execute(planOf('b'), { onProgress: (event) => void heard['b']?.push(event) }),
    ];
    await arrived;
    release();
    await Promise.all(calls);
    for (const id of ['a', 'b']) {
      assert.deepEqual(
        heard[id]?.map((event) => [event.event_type, event.execution_id]),
        [
          ['execution_started', id],
          ['execution_completed', id],
        ],
      );
    }
  });
});
