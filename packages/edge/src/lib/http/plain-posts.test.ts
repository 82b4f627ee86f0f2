import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import Fastify from 'fastify';
import { errorResponseSchema, systemRandom } from '@loopwright/protocol';
import { answerErrors, errorAnswers } from './error-answers.ts';
import { BODY_LIMIT_BYTES } from './limits.ts';
import { type BodyHandler, answerPlainPosts } from './plain-posts.ts';

describe('answerPlainPosts', () => {
  const app = Fastify({ bodyLimit: BODY_LIMIT_BYTES, return503OnClosing: false });
  /** Bodies in the order in which they were handled, and by which way they came. */
  const handled: [string, unknown][] = [];
  const logged: string[] = [];
  let port = 0;
  let closing = async (): Promise<void> => {};

  before(async () => {
    const answerError = errorAnswers({ random: { ...systemRandom, uuid: () => 'the same' }, log: (line) => logged.push(line) });
    answerErrors(app, answerError);
    const handle: BodyHandler = async (_, response, body) => {
      handled.push(['quick', body]);
      if (body === 'throw') throw new Error('thrown');
      if (body === 'wait') await once(response, 'close');
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ body }));
    };
    answerPlainPosts(app, { handlerOf: ({ url }) => (url === '/' ? handle : undefined), answerError });
    app.addHook('preClose', () => closing());
    app.post('/', (request) => {
      handled.push(['ordinary', request.body]);
      return { body: request.body };
    });
    port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port);
  });

  after(() => app.close());

  const post = async (payload: string, headers: Record<string, string> = {}): Promise<[number, unknown, string | null]> => {
    const all = { 'content-type': 'application/json', ...headers };
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: payload, headers: all });
    return [response.status, await response.json(), response.headers.get('connection')];
  };

  const open = async (head: string): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.setEncoding('utf8').write(`POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n${head}\r\n`);
    return socket;
  };

  it('answers every body as Fastify does by itself', async () => {
    const bodies = ['{"input":{"text":"é€😀"}}', '"\\ud800"', ' [1] ', '', '{"a":', '{"__proto__":1}', '\ufeff{}', 'null'];
    bodies.push(`{"constructor":{"prototype":1}}`, `"${'x'.repeat(300_000)}"`, `"${'x'.repeat(1024 * 1024)}"`);
    const refused: number[] = [];
    for (const body of bodies) {
      // With a trace it goes the ordinary way.
      const [quick, ordinary] = [await post(body), await post(body, { traceparent: 'none' })];
      assert.deepEqual(quick, ordinary, body.slice(0, 20));
      if (quick[0] !== 200) refused.push(quick[0]);
    }
    assert.deepEqual(refused, [400, 400, 400, 400, 413]);
    assert.equal(handled.filter(([way]) => way === 'quick').length, handled.filter(([way]) => way === 'ordinary').length);
    assert.equal((await post('x', { 'content-type': 'text/csv' }))[0], 415);
  });

  it('takes a body in pieces, and one of unknown length the ordinary way', async () => {
    const text = JSON.stringify('€'.repeat(1000));
    const inPieces = await open(`content-length: ${Buffer.byteLength(text)}\r\n`);
    // A piece ends within a character.
    for (const from of [0, 800, 1601]) {
      inPieces.write(Buffer.from(text).subarray(from, from === 1601 ? undefined : from === 0 ? 800 : 1601));
      await turn();
    }
    const [answer] = (await once(inPieces, 'data')) as [string];
    assert.match(answer, /^HTTP\/1.1 200/u);
    assert.deepEqual(handled.at(-1), ['quick', '€'.repeat(1000)]);
    inPieces.destroy();
    const chunked = await open('transfer-encoding: chunked\r\n');
    chunked.write('3\r\n"a"\r\n0\r\n\r\n');
    assert.match(((await once(chunked, 'data')) as [string])[0], /^HTTP\/1.1 200/u);
    assert.deepEqual(handled.at(-1), ['ordinary', 'a']);
    chunked.destroy();
  });

  it('answers what the handler throws, and serves on when clients leave in the middle', async () => {
    const [status, thrown] = await post('"throw"');
    assert.deepEqual([status, errorResponseSchema.parse(thrown).error_code], [500, 'INTERNAL_ERROR']);
    assert.match(logged.join('\n'), /^Request the same failed: Error: thrown/u);
    const earlier = handled.length;
    const half = await open('content-length: 100\r\n');
    half.write('"half');
    await turn();
    half.destroy();
    const waiting = await open('content-length: 6\r\n');
    waiting.write('"wait"');
    while (handled.length === earlier) await turn();
    waiting.destroy();
    assert.deepEqual((await post('"next"')).slice(0, 2), [200, { body: 'next' }]);
    assert.deepEqual(
      handled.slice(earlier).map(([, body]) => body),
      ['wait', 'next'],
    );
  });

  it('goes the ordinary way when the server closes, which tells the client so', async () => {
    const late: Awaited<ReturnType<typeof post>>[] = [];
    closing = async () => void late.push(await post('"late"'));
    await app.close();
    assert.deepEqual(late, [[200, { body: 'late' }, 'close']]);
    assert.deepEqual(handled.at(-1), ['ordinary', 'late']);
  });
});
