import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { defineFunction } from '@loopwright/engine';
import { toJson } from '@loopwright/protocol';
import { z } from 'zod';
import { openServer, start, startReview, untilStatus } from '../http/app-fixture.ts';
import { EdgeClient } from '../programs/edge-client.ts';
import { observedFunctions } from './observed-functions.ts';
import { Tracing, traceHeaders } from './tracing.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`;

const spansSchema = z.looseObject({
  resourceSpans: z.array(
    z.looseObject({
      scopeSpans: z.array(
        z.looseObject({
          spans: z.array(
            z.looseObject({ traceId: z.string(), spanId: z.string(), parentSpanId: z.string().optional(), name: z.string() }),
          ),
        }),
      ),
    }),
  ),
});

/** A server that keeps what it is sent: JSON bodies and the header `traceparent`. */
async function openReceiver(answer: string): Promise<{ url: string; bodies: unknown[]; parents: string[] } & AsyncDisposable> {
  const [bodies, parents]: [unknown[], string[]] = [[], []];
  const receiver = createServer((request, response) => {
    parents.push(String(request.headers['traceparent']));
    void json(request).then((body) => {
      bodies.push(body);
      return response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const address = receiver.address();
  assert.ok(typeof address === 'object' && address !== null);
  return { url: `http://127.0.0.1:${address.port}`, bodies, parents, [Symbol.asyncDispose]: async () => void receiver.close() };
}

describe('the trace of a request', () => {
  it('goes on with the caller’s, comes back in the answer, and ignores what is no trace', async () => {
    await using server = await openServer();
    const own = await server.get('/api/v1/executions', { traceparent: PARENT });
    assert.match(own.headers.get('traceparent') ?? '', new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
    assert.notEqual(own.headers.get('traceparent'), PARENT);
    for (const nonsense of ['00-zz', `ff-${TRACE}-b7ad6b7169203331-01`, `00-${'0'.repeat(32)}-b7ad6b7169203331-01`]) {
      const { headers } = await server.get('/api/v1/executions', { traceparent: nonsense });
      assert.match(headers.get('traceparent') ?? '', /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      assert.doesNotMatch(headers.get('traceparent') ?? '', new RegExp(TRACE));
    }
  });

  it('leads to the collector, and its name has the route and not the path', async () => {
    await using collector = await openReceiver('{}');
    const server = await openServer({ otlpEndpoint: collector.url });
    const { execution_id: id } = await start(server, 'plain');
    await server.get(`/api/v1/executions/${id}`, { traceparent: PARENT });
    await server.close();
    const spans = collector.bodies.flatMap((body) =>
      spansSchema.parse(body).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
    );
    const read = spans.find(({ name }) => name === 'GET /api/v1/executions/:execution_id');
    assert.deepEqual([read?.traceId, read?.parentSpanId], [TRACE, 'b7ad6b7169203331']);
    assert.ok(spans.some(({ name }) => name === 'POST /api/v1/workflows/:workflow_id/start'));
  });

  it('reaches the module that a step calls, and is the same one after a restart', async (context) => {
    const dir = await mkdtemp(join(tmpdir(), 'loopwright-trace-'));
    context.after(() => rm(dir, { recursive: true, force: true }));
    await using edge = await openReceiver('{"task_id":"x","active_version":null,"digest":null}');
    const client = new EdgeClient({
      url: () => edge.url,
      ready: async () => undefined,
      authToken: 'secret',
      headers: traceHeaders,
    });
    const run = async (tracing: Tracing, executionId: string): Promise<void> => {
      const { call } = observedFunctions(
        {
          call: defineFunction({
            description: 'Calls',
            arguments: z.unknown(),
            run: ({ step }) => step(async () => toJson(await client.refresh('x'))),
          }),
        },
        { tracing, metrics: () => undefined },
      );
      const none = { executionId, workflowName: 'w', projectId: 'p', startedBy: 'ann', startedAt: 0 };
      const attempt = { idempotencyKey: 'k', attempt: 1, signal: new AbortController().signal, spend: () => undefined };
      await call.run({
        args: null,
        input: null,
        execution: none,
        taskName: 't',
        ask: async () => null,
        emit: async () => null,
        step: (work) => work(attempt),
      });
    };
    await using first = new Tracing();
    const { span, within } = first.beginRequest('POST /start', PARENT);
    const { context: active } = await import('@opentelemetry/api');
    active.with(within, () => first.starts('e-1'));
    span.end();
    await run(first, 'e-1');
    await run(first, 'e-2');
    await using second = new Tracing();
    await run(second, 'e-2');
    const traces = edge.parents.map((parent) => parent.split('-')[1]);
    assert.equal(traces[0], TRACE);
    assert.match(traces[1] ?? '', /^[0-9a-f]{32}$/);
    assert.equal(traces[2], traces[1]);
    assert.notEqual(edge.parents[2], edge.parents[1]);
  });
});

describe('GET /metrics', () => {
  it('counts requests by route, executions by status, and steps by function', async () => {
    await using server = await openServer();
    await startReview(server);
    const { execution_id: id } = await start(server, 'plain');
    await untilStatus(server, id, 'completed');
    await server.get('/api/v1/executions/nobody');
    const { headers, body } = await server.get('/metrics');
    const text = String(body);
    assert.match(headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    assert.match(text, /^loopwright_executions\{status="completed".*\} 1$/m);
    assert.match(text, /^loopwright_executions\{status="waiting_clarification".*\} 1$/m);
    assert.match(
      text,
      /^http_server_request_duration_seconds_count\{http_request_method="GET",http_route="\/api\/v1\/executions\/:execution_id",http_response_status_code="404".*\} 1$/m,
    );
    assert.match(text, /^loopwright_store_writable.* 1$/m);
    assert.match(text, /^process_resident_memory_bytes.* \d+$/m);
    assert.doesNotMatch(text, new RegExp(id));
  });
});
