import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ErrorResponse, errorResponseSchema } from '@loopwright/protocol';
import { z } from 'zod';
import { type Answer, type TestServer, openServer } from '../app-fixture.ts';
import { type Operation, exampleOf, operationsOf } from './openapi-operations.ts';

// One walk over the whole document: a route that is added tomorrow has these manners or this fails.
let server: TestServer;
let operations: Operation[];
before(async () => {
  server = await openServer();
  operations = operationsOf((await server.get('/openapi.json')).body);
});
after(() => server[Symbol.asyncDispose]());

/** Answers that have an array of objects and are one thing all the same, each with what bounds it. */
const NO_LISTS: Readonly<Record<string, string>> = {
  '/health': 'the modules of the server',
  '/ready': 'what the server depends on',
  '/api/v1/model-providers': 'the three kinds of providers, and the settings that name models',
  '/api/v1/permissions': 'the table of the operations that the program has',
  '/api/v1/me': "a person's grants, which their credential carries as a whole",
  '/api/v1/workflows/{workflow_id}': 'the parts of one definition, which has a limit of its own',
  '/api/v1/executions/{execution_id}': 'the steps of one definition',
  '/api/v1/executions/{execution_id}/why': 'what one execution waits for',
  '/api/v1/tasks/{task_id}': 'the questions of one task, at most twelve',
  '/api/v1/runs/{run_id}': 'the phases of one profile',
  '/api/v1/runs/{run_id}/why': 'what one run waits for',
  '/api/v1/runs/{run_id}/metrics': 'the phases of one profile and the agents of each',
  '/api/v1/runs/{run_id}/governance': 'the last check of each phase',
  '/api/v1/executions/{execution_id}/waits':
    'the last waits of one execution for a timeline; what else there is stands in its events',
  '/api/v1/runs/{run_id}/checkpoints/compare': 'what differs between two manifests, which have a limit',
  '/api/v1/runs/{run_id}/checkpoints/{checkpoint_id}': 'one manifest, which has a limit',
  '/api/v1/examples/{digest}/facts': 'what is measured of one set: at most a hundred labels and five hundred fields',
  '/api/v1/programs/{name}/analytics/range': 'the days of one year at the most',
  '/api/v1/modules/{name}': 'the routes that one module announced, at most a thousand',
  '/api/v1/programs/{name}/aliases/{alias}': 'the versions that share the requests, at most two',
  '/api/v1/programs/{name}/rollouts/{rollout_id}':
    'one rollout: at most twenty stages, three tests, and a history that has a limit',
  '/api/v1/programs/{name}/task': 'what one task says, at most a thousand examples',
  '/api/v1/validation/tasks/{name}/canary': 'one rollout, whose history has a limit',
  '/api/v1/programs/{name}/drift': 'the findings of one verdict, at most fifty and four, and ten examples',
  '/api/v1/programs/{name}/validation': 'the versions of one program that were validated',
  '/api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}': 'the attempts of one delivery, at most ten',
};

/** A value for a parameter of a path that stands for nothing there is. */
const ABSENT: Readonly<Record<string, string>> = {
  digest: '0'.repeat(64),
  default: '00000000-0000-4000-8000-000000000000',
  name: 'absent',
  version: '1',
  alias: 'absent',
};

function urlOf({ path }: Operation, query = ''): string {
  return path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => ABSENT[name] ?? ABSENT['default'] ?? '') + query;
}

const fieldSchema = z.looseObject({
  type: z.unknown().optional(),
  items: z.looseObject({ type: z.unknown().optional() }).optional(),
  additionalProperties: z.unknown().optional(),
});
const answerSchema = z.looseObject({ properties: z.record(z.string(), fieldSchema).default({}) });

const fieldsOf = (operation: Operation): Record<string, z.output<typeof fieldSchema>> =>
  answerSchema.parse(operation.responses['200']?.content?.['application/json']?.schema ?? {}).properties;

/** Whether a field of an answer has many of something: an array of objects, or such arrays by name. */
function isMany({ type, items, additionalProperties }: z.output<typeof fieldSchema>): boolean {
  if (type === 'array') return !SCALARS.has(String(items?.type));
  return typeof additionalProperties === 'object' && isMany(fieldSchema.parse(additionalProperties));
}
const SCALARS: ReadonlySet<string> = new Set(['string', 'integer', 'number', 'boolean']);

const titleOf = ({ method, path }: Operation): string => `${method} ${path}`;
const takesJson = ({ requestBody }: Operation): boolean => requestBody?.content['application/json'] !== undefined;

async function call(method: string, url: string, init: RequestInit = {}): Promise<Answer> {
  // Without a name nobody creates or advances a run on the face of `seeds/001`.
  const headers = { 'x-user-id': 'ann', 'x-user-email': 'ann@example.com', ...Object.fromEntries(new Headers(init.headers)) };
  const response = await fetch(server.url + url, { ...init, headers, method, redirect: 'manual' });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

const sendJson = (operation: Operation, body: unknown): Promise<Answer> =>
  call(operation.method, urlOf(operation), {
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

/** The error of an answer: one of the catalogue, with every member that each error has. */
function errorOf({ status, headers, body }: Answer, title: string): ErrorResponse {
  const { success, data, error } = errorResponseSchema.safeParse(body);
  assert.ok(success, `${title}: ${JSON.stringify(body)} ${error?.message}`);
  assert.equal(data.status, status, title);
  assert.equal(data.detail, data.message, title);
  assert.equal(data.request_id, headers.get('x-request-id'), title);
  assert.doesNotMatch(JSON.stringify(body), /\bat .+\.[jt]s:\d+|node:internal/, `${title} shows a stack`);
  return data;
}

describe('the contract of every route', () => {
  it('is described: an id of its own, a summary, a group, and the one form of errors', () => {
    assert.ok(operations.length > 30);
    assert.equal(new Set(operations.map(({ operationId }) => operationId)).size, operations.length);
    for (const operation of operations) {
      const title = titleOf(operation);
      assert.match(operation.operationId ?? '', /^[a-z][a-z_0-9]+$/, title);
      assert.match(operation.summary ?? '', /^[A-Z].*[^.]$/, title);
      assert.equal(operation.tags?.length, 1, title);
      assert.ok(operation.responses['default'], `${title} does not say how it fails`);
      if (takesJson(operation)) assert.notEqual(exampleOf(operation), undefined, `${title} has no example of its body`);
      if (operation.method === 'POST')
        assert.ok(
          operation.parameters.some(({ name }) => name === 'idempotency-key'),
          `${title} takes no Idempotency-Key`,
        );
    }
  });

  it('pages every list: limit, cursor and next_cursor, or a reason why it is none', () => {
    const reasonless = new Set(Object.keys(NO_LISTS));
    for (const operation of operations.filter(({ method }) => method === 'GET')) {
      const title = titleOf(operation);
      const path = operation.path.replace(/^\/runs/, '/api/v1/runs');
      const fields = fieldsOf(operation);
      const listed = Object.keys(fields).filter((name) => isMany(fields[name] ?? {}));
      if (listed.length === 0) continue;
      if (path in NO_LISTS) {
        reasonless.delete(path);
        continue;
      }
      const query = operation.parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
      // Events have one cursor for pages and streams, which is called after what it does.
      const [asked, given] = listed.includes('events') ? ['after', 'cursor'] : ['cursor', 'next_cursor'];
      assert.ok(
        query.includes('limit') && query.includes(asked),
        `${title} lists ${listed.join(', ')} and takes ${query.join(', ')}`,
      );
      assert.ok(given in fields, `${title} lists ${listed.join(', ')} and gives no ${given}`);
    }
    assert.deepEqual([...reasonless], [], 'what is listed here is there');
  });

  it('refuses a cursor that no list gave, and a limit that is none', async () => {
    const lists = operations.filter(
      ({ method, parameters }) => method === 'GET' && parameters.some(({ name }) => name === 'cursor'),
    );
    assert.ok(lists.length > 20);
    for (const operation of lists) {
      for (const query of ['?limit=0', '?limit=100000', '?limit=x', '?cursor=']) {
        const answer = await call('GET', urlOf(operation, query));
        assert.ok([400, 422].includes(answer.status), `${titleOf(operation)}${query} answered ${answer.status}`);
        assert.match(JSON.stringify(errorOf(answer, titleOf(operation)).details), /\/querystring\/(?:limit|cursor)/);
      }
      if (operation.path.includes('{')) continue;
      for (const cursor of ['x', 'bnVsbA', 'e30', 'W10', 'WyIiLCIiLCIiLCIiLCIiXQ', encodeURIComponent('[1]')]) {
        const answer = await call('GET', urlOf(operation, `?cursor=${cursor}`));
        assert.equal(answer.status, 400, `${titleOf(operation)} took the cursor ${cursor}`);
        assert.match(JSON.stringify(errorOf(answer, titleOf(operation)).details), /"\/querystring\/cursor"/);
      }
    }
  });

  it('answers what is not there with an error that has every member, and the request id of the caller', async () => {
    for (const operation of operations.filter(({ path }) => path.includes('{'))) {
      const title = titleOf(operation);
      const answer = takesJson(operation)
        ? await sendJson(operation, exampleOf(operation))
        : await call(operation.method, urlOf(operation));
      if (answer.status === 404) assert.match(errorOf(answer, title).error_code, /NOT_FOUND/, title);
      else assert.ok(answer.status < 500, `${title} answered ${answer.status} ${JSON.stringify(answer.body)}`);
      const own = await call(operation.method, urlOf(operation), { headers: { 'x-request-id': 'mine-1' } });
      assert.equal(own.headers.get('x-request-id'), 'mine-1', title);
      const bad = await call(operation.method, urlOf(operation), { headers: { 'x-request-id': 'a b"<' } });
      assert.match(bad.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/, title);
    }
  });

  it('refuses a parameter of the query that it does not know, and points to it', async () => {
    for (const operation of operations) {
      const answer = await call(operation.method, urlOf(operation, '?statsu=running'), jsonOf(operation));
      // A body that cannot be read is refused before the query is looked at.
      if (answer.status === 415) continue;
      const { details } = errorOf(answer, titleOf(operation));
      assert.match(JSON.stringify(details), /"\/querystring\/statsu"/, `${titleOf(operation)}: ${JSON.stringify(answer.body)}`);
    }
  });

  it('refuses a field of the body that it does not know, and a body that is none', async () => {
    for (const operation of operations.filter(takesJson)) {
      const title = titleOf(operation);
      const example = exampleOf(operation);
      assert.ok(typeof example === 'object' && example !== null, title);
      const extra = await sendJson(operation, { ...example, extra_field: 1 });
      // A CloudEvent has as many extension attributes as its sender likes.
      if (operation.path !== '/api/v1/events') {
        assert.equal(
          extra.status,
          operation.path.startsWith('/runs') ? 422 : 400,
          `${title} answered ${extra.status} ${JSON.stringify(extra.body)}`,
        );
        assert.match(JSON.stringify(errorOf(extra, title).details), /extra_field/, title);
      }
      for (const body of ['[]', '"text"', '{', '{"__proto__":{"polluted":1}}', `${'['.repeat(5000)}${']'.repeat(5000)}`]) {
        const answer = await sendJson(operation, body);
        assert.ok(answer.status >= 400 && answer.status < 500, `${title} answered ${answer.status} to ${body.slice(0, 40)}`);
        errorOf(answer, title);
      }
      const large = await sendJson(operation, `{"text":"${'x'.repeat(200_000)}"}`);
      assert.equal(large.status, 413, title);
      errorOf(large, title);
    }
  });

  it('knows its methods: HEAD like GET without the body, OPTIONS and 405 with Allow', async () => {
    const methodsOf = new Map<string, string[]>();
    for (const { path, method } of operations) methodsOf.set(path, [...(methodsOf.get(path) ?? []), method]);
    for (const operation of operations) {
      const title = titleOf(operation);
      const url = urlOf(operation);
      const options = await call('OPTIONS', url);
      assert.equal(options.status, 204, title);
      for (const method of methodsOf.get(operation.path) ?? [])
        assert.match(options.headers.get('allow') ?? '', new RegExp(`\\b${method}\\b`), title);
      const wrong = await call('PROPFIND', url);
      assert.equal(wrong.status, 405, title);
      assert.equal(wrong.headers.get('allow'), options.headers.get('allow')?.replace(', OPTIONS', ''), title);
      if (operation.method !== 'GET') continue;
      const [get, head] = [await call('GET', url), await call('HEAD', url)];
      assert.deepEqual([head.status, head.headers.get('content-type')], [get.status, get.headers.get('content-type')], title);
    }
  });

  it('answers a GET that gives nothing new with 304', async () => {
    const fixed = operations.filter(({ method, path }) => method === 'GET' && path.startsWith('/api/') && !path.includes('{'));
    assert.ok(fixed.length >= 5);
    for (const operation of fixed) {
      const title = titleOf(operation);
      const first = await call('GET', urlOf(operation));
      assert.equal(first.status, 200, `${title} ${JSON.stringify(first.body)}`);
      const etag = first.headers.get('etag');
      assert.match(etag ?? '', /^(?:W\/)?"[^"]+"$/, title);
      for (const wanted of [etag, `"other", ${etag}`, '*']) {
        const again = await call('GET', urlOf(operation), { headers: { 'if-none-match': wanted ?? '' } });
        assert.deepEqual([again.status, again.body, again.headers.get('etag')], [304, '', etag], title);
      }
      assert.equal((await call('GET', urlOf(operation), { headers: { 'if-none-match': '"other"' } })).status, 200, title);
    }
  });
});

function jsonOf(operation: Operation): RequestInit {
  if (!takesJson(operation)) return {};
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(exampleOf(operation)) };
}
