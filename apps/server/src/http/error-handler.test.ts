import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text as readAll } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { ERRORS, type ServerHealth } from '@loopwright/protocol';
import { z } from 'zod';
import { type TestServer, errorIn, executionIn, openServer, pointersIn, start } from './app-fixture.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
let server: TestServer;
before(async () => {
  server = await openServer({ bodyLimitBytes: 10_000 });
});
after(() => server[Symbol.asyncDispose]());

const START = '/api/v1/workflows/plain/start';

describe('an error answer', () => {
  it("has the sources' fields, those of RFC 9457, and the id of the request", async () => {
    const { status, headers, body } = await server.get('/api/v1/executions/nobody');
    assert.equal(status, 404);
    assert.match(headers.get('content-type') ?? '', /^application\/json/);
    assert.match(headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
    assert.deepEqual(body, {
      error_code: 'EXECUTION_NOT_FOUND',
      message: 'Cannot find the execution "nobody"',
      request_id: headers.get('x-request-id'),
      type: 'urn:loopwright:error:execution-not-found',
      title: ERRORS.EXECUTION_NOT_FOUND.title,
      status: 404,
      detail: 'Cannot find the execution "nobody"',
      retryable: false,
      fix: ERRORS.EXECUTION_NOT_FOUND.fix,
    });
  });

  it('is the same for a route that there is not, for another method, and for a URL that cannot be read', async () => {
    const unknown = errorIn(await server.get('/api/v1/nothing?secret=1'), 'NOT_FOUND');
    assert.equal(unknown.message, 'Cannot find GET /api/v1/nothing');
    errorIn(await server.post('/api/v1/executions', {}), 'METHOD_NOT_ALLOWED');
    errorIn(await server.get('/'), 'NOT_FOUND');
    errorIn(await server.get('/api/v1/executions/%zz'), 'VALIDATION_ERROR');
    const long = errorIn(await server.get(`/api/v1/executions/${'x'.repeat(1001)}`), 'VALIDATION_ERROR');
    assert.deepEqual(pointersIn(long), ['/params/execution_id']);
    const unreadable = await server.get('/runs/%E0%A4%A');
    errorIn(unreadable, 'VALIDATION_ERROR');
    for (const name of ['x-content-type-options', 'content-security-policy', 'x-request-id'])
      assert.ok(unreadable.headers.has(name), `it has ${name}, as every answer`);
  });

  it('says what is wrong with JSON that cannot be read', async () => {
    for (const [text, message] of [
      ['{"project_id": ', /^Cannot read the request: its body is not JSON: Unexpected end/],
      ['null,', /not JSON/],
      ['', /its body is empty/],
      ['{"project_id":"p","__proto__":{"a":1}}', /has the key "__proto__"/],
      ['{"project_id":"p","initial_context":{"a":{"\\u005f_proto__":1}}}', /has the key "__proto__"/],
    ] as const) {
      const error = errorIn(await server.post(START, text, JSON_TYPE), 'VALIDATION_ERROR');
      assert.deepEqual([error.status, pointersIn(error)], [400, ['/body']], text);
      assert.match(error.message, message);
    }
  });

  it('is the same for what is no HTTP, and for headers without end', async () => {
    const long = await server.get('/health', { 'x-long': 'y'.repeat(20_000) });
    assert.equal(errorIn(long, 'HEADERS_TOO_LARGE').status, 431);
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write('\u0016\u0003\u0001 no HTTP\r\n\r\n');
    const answer = await readAll(socket);
    assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n(?:.+\r\n)*Connection: close\r\n/);
    assert.match(answer, /"error_code":"VALIDATION_ERROR"/);
  });

  it('names the types that can be read', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'text/csv', 'nonsense']) {
      const error = errorIn(await server.post(START, '{"project_id":"p"}', { 'content-type': type }), 'UNSUPPORTED_MEDIA_TYPE');
      assert.equal(error.status, 415);
      assert.deepEqual(error.details, { supported: ['application/json'] });
    }
  });

  it('names the limit that a body is over', async () => {
    const fits = JSON.stringify({ project_id: 'p' }).padEnd(10_000, ' ');
    executionIn(await server.post(START, fits, JSON_TYPE), 201);
    const error = errorIn(await server.post(START, `${fits} `, JSON_TYPE), 'PAYLOAD_TOO_LARGE');
    assert.equal(error.status, 413);
    assert.deepEqual(error.details, { limit_bytes: 10_000 });
  });

  it('refuses JSON that is nested without end', async () => {
    const nested = `{"project_id":"p","initial_context":{"a":${'['.repeat(4900)}${']'.repeat(4900)}}}`;
    const answer = await server.post(START, nested, JSON_TYPE);
    assert.deepEqual(errorIn(answer, 'VALIDATION_ERROR').details, { limit: 200 });
    const nestable = (depth: number): object => ({
      project_id: 'p',
      initial_context: { a: JSON.parse('['.repeat(depth) + ']'.repeat(depth)) },
    });
    executionIn(await server.post(START, nestable(198)), 201);
    errorIn(await server.post(START, nestable(199)), 'VALIDATION_ERROR');
  });

  it('says nothing of the inside when the server fails, and logs the cause', async () => {
    const health = {
      health: (): never => {
        throw new Error('ENOENT /root/.secret/key.pem');
      },
    };
    await using own = await openServer({ health });
    const answer = await own.get('/health');
    assert.equal(errorIn(answer, 'INTERNAL_ERROR').status, 500);
    assert.doesNotMatch(JSON.stringify([answer.body, [...answer.headers]]), /secret|ENOENT|\.ts|node_modules/);
    assert.match(own.log.join(''), /ENOENT \/root\/\.secret/);
  });

  it('says nothing of the inside when an answer is not what was promised', async () => {
    const health = { health: () => ({ status: 'odd', password: 'hunter2' }) as unknown as ServerHealth };
    await using own = await openServer({ health });
    const answer = await own.get('/health');
    assert.equal(errorIn(answer, 'INTERNAL_ERROR').message, 'Cannot write the answer');
    assert.doesNotMatch(JSON.stringify(answer.body), /hunter2|odd/);
  });
});

describe('every route of the document', () => {
  const documentSchema = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });
  const documented = async (): Promise<[path: string, methods: string[]][]> => {
    const { paths } = documentSchema.parse((await server.get('/openapi.json')).body);
    return Object.entries(paths).map(([path, methods]) => [path, Object.keys(methods)]);
  };
  const fill = (path: string): string =>
    path.replaceAll(/\{(\w+)\}/g, (_all, name) => (name === 'digest' ? '0'.repeat(64) : 'nobody'));

  it('does not take another method', async () => {
    for (const [path, methods] of await documented()) {
      for (const method of ['DELETE', 'PUT', 'PATCH', 'POST'].filter((one) => !methods.includes(one.toLowerCase()))) {
        const response = await fetch(server.url + fill(path), { method });
        const answer = { status: response.status, headers: response.headers, body: await response.json() };
        assert.equal(errorIn(answer, 'METHOD_NOT_ALLOWED').status, 405);
        const allowed = answer.headers.get('allow')?.split(', ') ?? [];
        const taken = methods.map((one) => one.toUpperCase());
        assert.ok(taken.every((one) => allowed.includes(one)) && !allowed.includes(method), `${path}: ${allowed.join()}`);
      }
    }
  });

  it('refuses a body that is not valid before it looks for anything', async () => {
    for (const path of ['/api/v1/executions/nobody/acceptance', '/api/v1/executions/nobody/clarification', START])
      assert.deepEqual(pointersIn(errorIn(await server.post(path, 5), 'VALIDATION_ERROR')), ['/body']);
    const { execution_id: id } = await start(server, 'review', { text: 'x' });
    errorIn(await server.post(`/api/v1/executions/${id}/acceptance`), 'VALIDATION_ERROR');
  });
});
