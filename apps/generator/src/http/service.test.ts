import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PtcClient } from '@loopwright/generation';
import { type ArtifactResult, type GenerationEvent, PlatformError, artifactResultSchema } from '@loopwright/protocol';
import { Validator } from '@seriousme/openapi-schema-validator';
import { z } from 'zod';
import type { Agent } from '../agent/agent.ts';
import { ENDPOINTS } from './routes.ts';
import { type HeldAgent, type Service, eventsOf, heldAgent, planFor, send, startService, until } from './service-fixture.ts';

const gradePlan = (id: string) => ({
  ...planFor('grade', id, {
    files: [{ file_path: 'add.js', content: 'export const add = (a, b) => a + b;' }],
    tests: [
      {
        file_path: 'add.test.js',
        content: "import { add } from './add.js'; import assert from 'node:assert'; assert.equal(add(1, 2), 3);",
      },
    ],
  }),
  cache_strategy: 'never' as const,
});
const kinds = (events: readonly GenerationEvent[]): string[] => events.map(({ event_type }) => event_type);
const asStream = { headers: { accept: 'text/event-stream' } };

describe('generation service: progress, turns, shared work', () => {
  let dataDir: string;
  let service: Service;
  let held: HeldAgent;
  let faults = 0;
  const faulty: Agent = {
    name: 'faulty',
    description: 'Loses its sandbox the first time',
    check: () => undefined,
    run: async () => {
      faults += 1;
      if (faults === 1)
        throw new PlatformError('SERVICE_UNAVAILABLE', 'Cannot run the program: the workers of the sandbox do not start');
      return { status: 'FAILURE', metadata: { attempt: faults } };
    },
  };
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'service-'));
    held = heldAgent(1);
    service = await startService(dataDir, { agents: () => [held, faulty], queueLimit: 8, queueLimitOfCaller: 6 });
  });
  after(async () => {
    await service[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  });
  const events = async (id: string, lastEventId?: string): Promise<Response> =>
    fetch(`${service.url}/executions/${id}/events`, {
      headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
    });
  const stats = async () =>
    z
      .looseObject({ queued: z.number(), running: z.number(), total_executions: z.number() })
      .parse(await (await fetch(`${service.url}/stats`)).json());

  it('streams the progress of a plan, and its result in the last event', async () => {
    const told = await eventsOf(await send(service.url, gradePlan('streamed'), asStream));
    assert.deepEqual(kinds(told), ['connected', 'execution_started', 'test_started', 'test_passed', 'execution_completed']);
    const result = artifactResultSchema.parse(told.at(-1)?.data?.['result']);
    assert.equal(result.status, 'SUCCESS');
    assert.deepEqual(await (await fetch(`${service.url}/executions/streamed`)).json(), result);
    assert.ok(told.every(({ execution_id }) => execution_id === 'streamed'));
    const again = await eventsOf(await send(service.url, gradePlan('streamed'), asStream));
    assert.deepEqual([kinds(again), again[0]?.data?.['result']], [['execution_completed'], result]);
  });

  it('answers what is wrong before the work begins as ever, also to who wants a stream', async () => {
    const bad = await send(service.url, planFor('grade', 'bad'), asStream);
    assert.deepEqual([bad.status, ((await bad.json()) as { error_code: string }).error_code], [400, 'VALIDATION_ERROR']);
    assert.equal((await send(service.url, planFor('nobody', 'bad'), asStream)).status, 400);
    assert.equal((await events('unknown')).status, 404);
  });

  it('goes on behind the last event that a reader has, in the same stream, after the end, and from what was kept', async () => {
    const answer = send(service.url, planFor('held', 'resumed', { events: 6 }));
    await until(() => held.begun.includes('resumed'), 'the begin');
    const first = await eventsOf(await events('resumed'), ({ message }) => message === 'event 3');
    assert.deepEqual(kinds(first).slice(0, 2), ['connected', 'execution_started']);
    const rest = events('resumed', first.at(-1)?.id);
    held.release('resumed');
    const second = await eventsOf(await rest);
    assert.deepEqual(
      second.map(({ message }) => message),
      ['event 4', 'event 5', 'event 6', 'The execution ended with SUCCESS'],
    );
    assert.equal((await answer).status, 200);
    assert.deepEqual(await eventsOf(await events('resumed', second.at(-2)?.id)), second.slice(-1));
    assert.deepEqual(await eventsOf(await events('resumed', 'another-7')), [...first, ...second]);
  });

  it('lets the client of the platform follow a plan', async () => {
    await using client = new PtcClient({ serviceUrl: service.url, retryDelayMs: 20 });
    const heard: GenerationEvent[] = [];
    const answer = client.execute(planFor('held', 'followed', { events: 3 }), { onProgress: (event) => heard.push(event) });
    await until(() => heard.length >= 4, 'the events');
    held.release('followed');
    assert.equal((await answer).status, 'SUCCESS');
    assert.deepEqual(
      heard.map(({ event_type, message }) => (event_type === 'progress' ? message : event_type)),
      ['execution_started', 'event 1', 'event 2', 'event 3', 'execution_completed'],
    );
    assert.equal(z.object({ queued: z.number() }).parse((await client.getStats()).service).queued, 0);
  });

  it('takes callers in turn, and refuses who has too much waiting with 429, and everybody with 503', async () => {
    const ids = ['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'b1', 'c1'];
    const answers: Promise<Response>[] = [];
    for (const [place, id] of ids.entries()) {
      answers.push(send(service.url, planFor('held', id, { seed: id }), { headers: { 'x-caller-id': id.charAt(0) } }));
      await until(async () => (await stats()).queued === place, id);
    }
    const full = await send(service.url, planFor('held', 'd1', { seed: 'd1' }), { headers: { 'x-caller-id': 'd' } });
    assert.deepEqual([full.status, full.headers.get('retry-after')], [503, '5']);
    const streamed = await send(service.url, planFor('held', 'd2', { seed: 'd2' }), {
      headers: { ...asStream.headers, 'x-caller-id': 'd' },
    });
    assert.equal(streamed.status, 503);
    const order = held.begun.length - 1;
    held.release('a1');
    await until(() => held.begun.includes('a2'), 'the second');
    const greedy = [8, 9].map(async (number) =>
      send(service.url, planFor('held', `a${number}`, { seed: number }), { headers: { 'x-caller-id': 'a' } }),
    );
    const refused = await Promise.race(greedy);
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '5']);
    for (const id of [...ids, 'a8', 'a9']) held.release(id);
    assert.deepEqual(
      (await Promise.all(answers)).map(({ status }) => status),
      ids.map(() => 200),
    );
    assert.deepEqual(held.begun.slice(order, order + 5), ['a1', 'a2', 'b1', 'c1', 'a3']);
    await Promise.all(greedy);
  });

  it('works equal plans out once, and cancels only when nobody waits any more', async () => {
    const earlier = (await stats()).total_executions;
    const gone = new AbortController();
    const plans = ['s1', 's2', 's3'].map((id) => planFor('held', id, { seed: 'same' }));
    const [one, two] = plans
      .slice(0, 2)
      .map(async (plan) => send(service.url, plan, { signal: gone.signal }).catch(() => undefined));
    await until(
      async () => held.begun.includes('s1') && (await fetch(`${service.url}/executions/s2`)).status === 202,
      'two of them',
    );
    const three = send(service.url, plans[2] ?? planFor('held', 's3'));
    await until(async () => (await fetch(`${service.url}/executions/s3`)).status === 202, 'the third');
    gone.abort();
    await Promise.all([one, two]);
    held.release('s1');
    const result = (await (await three).json()) as ArtifactResult;
    assert.deepEqual([result.execution_id, result.metadata['shared_execution_id']], ['s3', 's1']);
    assert.equal((await stats()).total_executions, earlier + 1);
    assert.deepEqual(held.aborted, []);
    assert.equal(((await (await fetch(`${service.url}/executions/s2`)).json()) as ArtifactResult).execution_id, 's2');
    const lonely = new AbortController();
    const left = send(service.url, planFor('held', 'lonely'), { ...asStream, signal: lonely.signal }).catch(() => undefined);
    await until(() => held.begun.includes('lonely'), 'the last one');
    lonely.abort();
    await left;
    await until(() => held.aborted.includes('lonely'), 'the cancellation');
    await until(async () => (await fetch(`${service.url}/executions/lonely`)).status === 404, 'the end');
  });

  it('keeps no fault of its parts as an answer', async () => {
    const first = await send(service.url, planFor('faulty', 'fault'));
    assert.equal(first.status, 503);
    assert.equal((await fetch(`${service.url}/executions/fault`)).status, 404);
    const second = (await (await send(service.url, planFor('faulty', 'fault'))).json()) as ArtifactResult;
    assert.deepEqual([second.status, second.metadata['attempt']], ['FAILURE', 2]);
    const third = (await (await send(service.url, planFor('faulty', 'fault'))).json()) as ArtifactResult;
    assert.deepEqual(third, second);
  });

  it('describes all its routes in a valid document', async () => {
    const document = (await (await fetch(`${service.url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, unknown>>;
    };
    const checked = await new Validator().validate(document);
    assert.ok(checked.valid, JSON.stringify(checked));
    for (const { path, methods } of ENDPOINTS)
      for (const method of methods)
        assert.ok(document.paths[path.replace(':id', '{id}')]?.[method.toLowerCase()], `${method} ${path}`);
    assert.equal(Object.keys(document.paths).length, ENDPOINTS.length);
  });
});
