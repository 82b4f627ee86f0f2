import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { errorResponseSchema } from '@loopwright/protocol';
import { type TestServer, executionIn, openServer } from './app-fixture.ts';

let server: TestServer;
before(async () => {
  server = await openServer();
});
after(() => server[Symbol.asyncDispose]());

/** The code of the error that a request with these headers gets; `null` without one. */
async function codeOf(headers: Record<string, string>, url = '/api/v1/executions'): Promise<string | null> {
  const response = await server.app.inject({ url, headers: { host: '127.0.0.1:7777', ...headers } });
  if (response.statusCode === 200) return null;
  const error = errorResponseSchema.parse(response.json());
  assert.equal(error.status, response.statusCode);
  assert.equal(error.request_id, response.headers['x-request-id']);
  return error.error_code;
}

describe('useDevelopmentIdentity', () => {
  it('answers for this machine only, so that a rebound name reaches nothing', async () => {
    for (const host of ['127.0.0.1:7777', 'localhost', 'localhost:80', '[::1]:7777'])
      assert.equal(await codeOf({ host }), null, host);
    const foreign = [
      'evil.example',
      'evil.example:7777',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '10.0.0.1',
      '0.0.0.0',
    ];
    for (const host of foreign) assert.equal(await codeOf({ host }), 'FORBIDDEN', host);
  });

  it('refuses the pages of other origins on every route', async () => {
    const origins = [
      'https://evil.example',
      'null',
      'https://127.0.0.1:7777',
      'http://127.0.0.1:7778',
      'http://localhost:7777',
      '',
    ];
    for (const url of ['/api/v1/executions', '/health', '/openapi.json', '/docs', '/nothing'])
      for (const origin of origins) assert.equal(await codeOf({ origin }, url), 'FORBIDDEN', `${url} ${origin}`);
    assert.equal(await codeOf({ origin: 'http://127.0.0.1:7777' }), null);
  });

  it('does not let a foreign page ask what it may send', async () => {
    const response = await server.app.inject({
      method: 'OPTIONS',
      url: '/api/v1/workflows/plain/start',
      headers: { host: 'localhost', origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    });
    assert.equal(response.statusCode, 403);
    assert.equal(response.headers['access-control-allow-origin'], undefined);
  });

  it('takes a user name from the header, and nothing else', async () => {
    const startAs = async (headers: Record<string, string>): Promise<string> =>
      executionIn(await server.post('/api/v1/workflows/plain/start', { project_id: 'p' }, headers), 201).started_by;
    assert.equal(await startAs({}), 'developer');
    assert.equal(await startAs({ 'x-user-id': ' ann ' }), 'ann');
    assert.equal(await startAs({ 'x-user-email': 'ann@example.org' }), 'ann@example.org');
    assert.equal(await startAs({ 'x-user-id': 'u-1', 'x-user-email': 'ann@example.org' }), 'u-1');
    for (const name of ['a b', 'ann;drop', '<script>', 'x'.repeat(201), 'ann, bob', '../root'])
      assert.equal(await codeOf({ 'x-user-id': name }), 'UNAUTHORIZED', name);
  });
});
