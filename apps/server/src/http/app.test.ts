import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ServerHealth, executionListSchema, isoTime, programListSchema } from '@loopwright/protocol';
import { Validator } from '@seriousme/openapi-schema-validator';
import { z } from 'zod';
import { loadWorkflows } from '../workflows/load-workflows.ts';
import {
  DEFINITIONS,
  type TestServer,
  executionIn,
  openServer,
  start,
  startDecision,
  startReview,
  untilStatus,
} from './app-fixture.ts';

const TAKES_BODY = /\/(?:start|acceptance|clarification|answer|execute|cancel|examples|events|move|restart|bulk)$/;

let server: TestServer;
before(async () => {
  server = await openServer();
});
after(() => server[Symbol.asyncDispose]());

const operationSchema = z.looseObject({
  summary: z.string().optional(),
  parameters: z.array(z.looseObject({ name: z.string(), in: z.string() })).optional(),
  requestBody: z.looseObject({ content: z.record(z.string(), z.looseObject({ schema: z.looseObject({}) })) }).optional(),
  responses: z.record(z.string(), z.looseObject({ content: z.record(z.string(), z.unknown()).optional() })),
});
const documentSchema = z.looseObject({ openapi: z.string(), paths: z.record(z.string(), z.record(z.string(), operationSchema)) });

describe('GET /openapi.json', () => {
  it('is a valid OpenAPI 3.1 document', async () => {
    const { body, status } = await server.get('/openapi.json');
    assert.equal(status, 200);
    assert.match(documentSchema.parse(body).openapi, /^3\.1\./);
    const { valid, errors } = await new Validator().validate(documentSchema.parse(body));
    assert.ok(valid, JSON.stringify(errors));
    const pointers = [...JSON.stringify(body).matchAll(/"\$ref":"([^"]+)"/g)].map(([, pointer]) => pointer ?? '');
    for (const pointer of pointers) assert.ok(pointsSomewhere(body, pointer), `${pointer} points nowhere`);
  });

  it('has every route with what it takes and what it gives', async () => {
    const { paths } = documentSchema.parse((await server.get('/openapi.json')).body);
    for (const [path, operations] of Object.entries(paths)) {
      for (const [method, { parameters = [], requestBody, responses, summary }] of Object.entries(operations)) {
        assert.match(summary ?? '', /^[A-Z].*[^.]$/, `${method} ${path} does not say what it does`);
        const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
        const inPath = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
        assert.deepEqual(inPath.sort(), names.sort(), path);
        if (TAKES_BODY.test(path) && method === 'post') assert.ok(requestBody, `${method} ${path} takes no body`);
        const good = Object.entries(responses).filter(([status]) => /^[23]/.test(status));
        assert.ok(
          good.length > 0 && good.every(([status, { content }]) => status === '302' || status === '204' || content !== undefined),
          `${method} ${path} gives nothing`,
        );
        if (names.length > 0) assert.ok(responses['404'], `${method} ${path} never says 404`);
      }
    }
    const keyed = Object.values(paths).flatMap((operations) =>
      Object.values(operations).flatMap(({ parameters = [] }) => parameters),
    );
    assert.ok(keyed.some(({ name, in: place }) => name === 'idempotency-key' && place === 'header'));
  });
});

function pointsSomewhere(document: unknown, reference: string): boolean {
  let at: unknown = reference.startsWith('#/') ? document : undefined;
  for (const part of reference.slice(2).split('/')) at = (at as Record<string, unknown> | undefined)?.[part];
  return at !== undefined;
}

describe('GET /docs, /health and /ready', () => {
  it('show the interface to people, with nothing from elsewhere', async () => {
    const page = await server.get('/docs');
    assert.equal(page.status, 200);
    assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
    const policy = page.headers.get('content-security-policy') ?? '';
    assert.match(policy, /script-src 'self';/);
    assert.doesNotMatch(policy, /https|insecure|swagger\.io/, 'not even pictures and letters come from elsewhere');
    assert.doesNotMatch(String(page.body), /(?:src|href)="https?:/);
  });

  it('say how the process is', async () => {
    assert.deepEqual((await server.get('/ready')).body, { ready: true, checks: [{ name: 'store', ready: true, reason: null }] });
    const edge = {
      id: 'edge',
      status: 'restarting',
      required: true,
      pid: null,
      listen: null,
      restarts: 3,
      last_exit: null,
      since: isoTime(0),
    };
    const degraded: ServerHealth = {
      status: 'degraded',
      version: '1',
      pid: 1,
      uptime_seconds: 1,
      store_fault: 'the disk is full',
      modules: [edge],
    };
    await using own = await openServer({ health: { health: () => degraded } });
    assert.deepEqual((await own.get('/health')).body, { ...degraded, edge: null });
    const { status, body } = await own.get('/ready');
    const checks = [
      { name: 'store', ready: false, reason: 'the disk is full' },
      { name: 'module edge', ready: false, reason: 'it is restarting' },
    ];
    assert.deepEqual([status, body], [503, { ready: false, checks }]);
  });
});

describe('the state of the server', () => {
  it('is the same after it was closed and opened again, and what waits goes on', async (context) => {
    const dir = await mkdtemp(join(tmpdir(), 'loopwright-again-'));
    context.after(() => rm(dir, { recursive: true, force: true }));
    const first = await openServer({ dir });
    const done = await start(first, 'plain');
    await untilStatus(first, done.execution_id, 'completed');
    const asked = await startReview(first);
    const shown = await startDecision(first);
    const paths = [done, asked, shown].map(({ execution_id: id }) => `/api/v1/executions/${id}`);
    paths.push('/api/v1/executions', '/api/v1/tasks', '/api/v1/tasks?state=answered', '/api/v1/workflows');
    const seen = await Promise.all(paths.map(async (path) => (await first.get(path)).body));
    await first.close();
    await using again = await openServer({ dir });
    assert.deepEqual(await Promise.all(paths.map(async (path) => (await again.get(path)).body)), seen);
    executionIn(await again.post(`${paths[1]}/clarification`, { answers: { LENGTH: 5 } }));
    await untilStatus(again, asked.execution_id, 'waiting_acceptance');
    executionIn(await again.post(`${paths[2]}/acceptance`, { accepted: true }));
    const { completed_steps: steps } = await untilStatus(again, shown.execution_id, 'completed');
    assert.deepEqual(steps, ['draft', 'ask', 'decide', 'publish']);
    assert.equal(executionListSchema.parse((await again.get('/api/v1/executions')).body).total, 3);
    assert.equal(programListSchema.parse((await again.get('/api/v1/programs')).body).total, 0);
  });

  it('keeps the definition that an execution started with when the file changes meanwhile', async (context) => {
    const dir = await mkdtemp(join(tmpdir(), 'loopwright-changed-'));
    context.after(() => rm(dir, { recursive: true, force: true }));
    const folder = join(dir, 'workflows');
    await mkdir(folder);
    const file = join(folder, 'review.yaml');
    const open = async (): Promise<TestServer> => {
      const opened = await openServer({ dir, definitions: {} });
      const none = (): Promise<never> => Promise.reject(new Error('there is no catalogue'));
      for (const definition of await loadWorkflows(folder, opened.engine.functions, none))
        await opened.engine.register(definition);
      return opened;
    };
    await writeFile(file, DEFINITIONS.review);
    const first = await open();
    const old = await startDecision(first);
    await first.close();
    await writeFile(file, DEFINITIONS.review.replace('1.2.0', '2.0.0').replace('Document rejected', 'Never'));
    await using again = await open();
    const fresh = await startDecision(again);
    assert.equal(fresh.definition.version, '2.0.0');
    assert.notEqual(fresh.definition.digest, old.definition.digest);
    const results = await Promise.all(
      [old, fresh].map(async ({ execution_id: id }) => {
        executionIn(await again.post(`/api/v1/executions/${id}/acceptance`, { accepted: false, comment: 'no' }));
        return untilStatus(again, id, 'failed');
      }),
    );
    assert.deepEqual(
      results.map(({ error, definition }) => [error, definition]),
      [
        ['Document rejected: no', old.definition],
        ['Never: no', fresh.definition],
      ],
    );
  });
});
