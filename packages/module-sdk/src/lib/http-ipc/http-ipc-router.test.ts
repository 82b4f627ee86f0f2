import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PlatformError } from '@loopwright/protocol';
import { badRequest, errorResponse, getQueryParams, jsonResponse, parseJsonBody, success } from './api-response.ts';
import { HttpIpcRouter } from './http-ipc-router.ts';

const ask = (router: HttpIpcRouter, path: string, init?: RequestInit): Promise<Response> =>
  Promise.resolve(router.fetch(new Request(`http://module.invalid${path}`, init)));

async function checkAnswer(answer: Promise<Response>, status: number, body: unknown): Promise<void> {
  const response = await answer;
  assert.deepEqual([response.status, await response.json()], [status, body]);
}

describe('HttpIpcRouter', () => {
  it('routes by exact path and method, without the query', async () => {
    const router = new HttpIpcRouter()
      .get('/items', (request) => success(getQueryParams(request)))
      .post('/items', async (request) => success(await parseJsonBody(request), 'made'))
      .put('/items', () => badRequest('no'))
      .delete('/items', () => jsonResponse([1], { status: 202, headers: { 'x-a': 'b' } }));
    await checkAnswer(ask(router, '/items?a=1&b=2&a=3'), 200, { status: 'success', data: { a: '3', b: '2' } });
    await checkAnswer(ask(router, '/items', { method: 'POST', body: '{"n":1}' }), 200, {
      status: 'success',
      data: { n: 1 },
      message: 'made',
    });
    await checkAnswer(ask(router, '/items', { method: 'PUT' }), 400, { status: 'error', message: 'no' });
    await checkAnswer(ask(router, '/items', { method: 'DELETE' }), 202, [1]);
    assert.equal((await ask(router, '/items', { method: 'HEAD' })).status, 200);
    await checkAnswer(ask(router, '/items/'), 404, { status: 'error', message: 'There is no such route' });
    const refused = await ask(router, '/items', { method: 'PATCH' });
    assert.deepEqual([refused.status, refused.headers.get('allow')], [405, 'GET, POST, PUT, DELETE']);
    assert.deepEqual(router.endpoints(), [{ path: '/items', methods: ['GET', 'POST', 'PUT', 'DELETE'] }]);
    assert.throws(() => router.get('/items', () => success(1)), RangeError);
  });

  it('runs middleware around handlers, and a handler for a status and for what has no route', async () => {
    const order: string[] = [];
    const router = new HttpIpcRouter()
      .use(async (request, next) => {
        order.push('outer');
        const response = await next(request);
        response.headers.set('x-outer', '1');
        return response;
      })
      .use((request, next) => {
        order.push('inner');
        return request.headers.has('x-stop') ? errorResponse(403, 'stopped') : next(request);
      })
      .get('/a', () => success('a'))
      .onStatus(403, async (response) => jsonResponse({ was: response.status }, { status: 403 }))
      .notFound(() => jsonResponse({ gone: true }, { status: 404 }));
    const response = await ask(router, '/a');
    assert.deepEqual([response.headers.get('x-outer'), order], ['1', ['outer', 'inner']]);
    await checkAnswer(ask(router, '/a', { headers: { 'x-stop': '1' } }), 403, { was: 403 });
    await checkAnswer(ask(router, '/b'), 404, { gone: true });
  });

  it('makes answers of errors: those of the catalogue as they are, all others without a word of theirs', async () => {
    const errors: unknown[] = [];
    const router = new HttpIpcRouter({ onError: (error) => errors.push(error) })
      .get('/known', () => {
        throw new PlatformError('CONFLICT', 'Cannot do it: somebody was first');
      })
      .get('/unknown', () => Promise.reject(new Error('password is hunter2')))
      .post('/json', async (request) => success(await parseJsonBody(request, 10)));
    await checkAnswer(ask(router, '/known'), 409, { status: 'error', message: 'Cannot do it: somebody was first' });
    await checkAnswer(ask(router, '/unknown'), 500, { status: 'error', message: 'The module failed' });
    await checkAnswer(ask(router, '/json', { method: 'POST', body: '{' }), 400, {
      status: 'error',
      message: 'The body is no JSON',
    });
    await checkAnswer(ask(router, '/json', { method: 'POST', body: '"01234567890"' }), 413, {
      status: 'error',
      message: 'Cannot read the body: it has more than 10 bytes',
    });
    assert.equal((await ask(router, '/known')).headers.get('x-error-code'), 'CONFLICT');
    assert.equal(errors.length, 1);
  });
});
