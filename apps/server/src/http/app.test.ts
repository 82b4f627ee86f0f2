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
    assert.deepEqual(
      Object.entries(paths)
        .flatMap(([path, operations]) => Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`))
        .sort(),
      [...ROUTES, ...RUN_ROUTES.flatMap(([method, path]) => [`${method} /api/v1${path}`, `${method} ${path}`])].sort(),
    );
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

/** On both faces. */
const RUN_ROUTES = [
  ['GET', '/runs'],
  ['GET', '/runs/{run_id}'],
  ['GET', '/runs/{run_id}/artifacts'],
  ['GET', '/runs/{run_id}/artifacts/{artifact_id}/download'],
  ['GET', '/runs/{run_id}/checkpoints'],
  ['GET', '/runs/{run_id}/checkpoints/compare'],
  ['GET', '/runs/{run_id}/checkpoints/{checkpoint_id}'],
  ['GET', '/runs/{run_id}/files/{phase}/{name}'],
  ['GET', '/runs/{run_id}/governance'],
  ['GET', '/runs/{run_id}/metrics'],
  ['GET', '/runs/{run_id}/rollbacks'],
  ['GET', '/runs/{run_id}/stream'],
  ['GET', '/runs/{run_id}/why'],
  ['POST', '/runs'],
  ['POST', '/runs/{run_id}/cancel'],
  ['POST', '/runs/{run_id}/checkpoints/{checkpoint_id}/rollback'],
  ['POST', '/runs/{run_id}/clone'],
  ['POST', '/runs/{run_id}/next'],
  ['POST', '/runs/{run_id}/pause'],
  ['POST', '/runs/{run_id}/resume'],
  ['POST', '/runs/{run_id}/retry'],
] as const;
const TAKES_BODY = /\/(?:start|acceptance|clarification|answer|execute|cancel|examples|events|move|restart|bulk)$/;
const ROUTES = [
  'DELETE /api/v1/api-keys/{key_id}',
  'DELETE /api/v1/projects/{project_id}/grants/{user_id}',
  'DELETE /api/v1/sessions/{session_id}',
  'DELETE /api/v1/webhooks/{webhook_id}',
  'GET /api/v1/api-keys',
  'GET /api/v1/audit',
  'GET /api/v1/audit/verify',
  'GET /api/v1/events',
  'GET /api/v1/examples/{digest}',
  'GET /api/v1/examples/{digest}/lines',
  'GET /api/v1/executions',
  'GET /api/v1/executions/stuck',
  'GET /api/v1/executions/{execution_id}',
  'GET /api/v1/executions/{execution_id}/diagram',
  'GET /api/v1/executions/{execution_id}/events',
  'GET /api/v1/executions/{execution_id}/why',
  'GET /api/v1/me',
  'GET /api/v1/permissions',
  'GET /api/v1/policies',
  'GET /api/v1/programs',
  'GET /api/v1/programs/{name}',
  'GET /api/v1/programs/{name}/aliases/active',
  'GET /api/v1/programs/{name}/analytics',
  'GET /api/v1/programs/{name}/break-even',
  'GET /api/v1/programs/{name}/promotions',
  'GET /api/v1/programs/{name}/versions',
  'GET /api/v1/projects',
  'GET /api/v1/projects/{project_id}/grants',
  'GET /api/v1/projects/{project_id}/grants/{user_id}',
  'GET /api/v1/sessions',
  'GET /api/v1/tasks',
  'GET /api/v1/tasks/{task_id}',
  'GET /api/v1/users',
  'GET /api/v1/users/{user_id}',
  'GET /api/v1/webhooks',
  'GET /api/v1/webhooks/{webhook_id}',
  'GET /api/v1/webhooks/{webhook_id}/deliveries',
  'GET /api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}',
  'GET /api/v1/workflows',
  'GET /api/v1/workflows/{workflow_id}',
  'GET /api/v1/workflows/{workflow_id}/diagram',
  'GET /api/v1/workflows/{workflow_id}/versions',
  'GET /auth/login',
  'GET /health',
  'GET /metrics',
  'GET /ready',
  'PATCH /api/v1/users/{user_id}',
  'PATCH /api/v1/webhooks/{webhook_id}',
  'POST /api/v1/api-keys',
  'POST /api/v1/api-keys/{key_id}/rotate',
  'POST /api/v1/events',
  'POST /api/v1/examples',
  'POST /api/v1/executions/bulk',
  'POST /api/v1/executions/{execution_id}/acceptance',
  'POST /api/v1/executions/{execution_id}/budget',
  'POST /api/v1/executions/{execution_id}/cancel',
  'POST /api/v1/executions/{execution_id}/clarification',
  'POST /api/v1/executions/{execution_id}/move',
  'POST /api/v1/executions/{execution_id}/pause',
  'POST /api/v1/executions/{execution_id}/restart',
  'POST /api/v1/executions/{execution_id}/resume',
  'POST /api/v1/executions/{execution_id}/retry',
  'POST /api/v1/policies/evaluate',
  'POST /api/v1/programs/{name}/execute',
  'POST /api/v1/stream-tickets',
  'POST /api/v1/tasks/{task_id}/answer',
  'POST /api/v1/webhooks',
  'POST /api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver',
  'POST /api/v1/webhooks/{webhook_id}/secret',
  'POST /api/v1/webhooks/{webhook_id}/test',
  'POST /api/v1/workflows/{workflow_id}/schedule/pause',
  'POST /api/v1/workflows/{workflow_id}/schedule/resume',
  'POST /api/v1/workflows/{workflow_id}/start',
  'POST /auth/logout',
  'POST /auth/session',
  'PUT /api/v1/programs/{name}/aliases/active',
  'PUT /api/v1/projects/{project_id}/grants/{user_id}',
];

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
    assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'self'/);
    assert.doesNotMatch(String(page.body), /(?:src|href)="https?:/);
  });

  it('say how the process is', async () => {
    assert.deepEqual((await server.get('/ready')).body, { ready: true, checks: [{ name: 'store', ready: true, reason: null }] });
    const edge = { id: 'edge', status: 'restarting', pid: null, listen: null, restarts: 3, last_exit: null, since: isoTime(0) };
    const degraded: ServerHealth = {
      status: 'degraded',
      version: '1',
      pid: 1,
      uptime_seconds: 1,
      store_fault: 'the disk is full',
      modules: [edge],
    };
    await using own = await openServer({ health: { health: () => degraded } });
    assert.deepEqual((await own.get('/health')).body, degraded);
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
