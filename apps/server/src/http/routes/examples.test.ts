import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { exampleFactsSchema, examplesDescriptionSchema } from '@loopwright/protocol';
import { type Answer, type TestServer, errorIn, openServer, pointersIn } from '../app-fixture.ts';

const LIMIT = 256 * 1024;
let server: TestServer;
before(async () => {
  server = await openServer({ examplesLimitBytes: LIMIT });
});
after(() => server[Symbol.asyncDispose]());

const PATH = '/api/v1/examples';
const upload = (text: string, type = 'application/x-ndjson'): Promise<Answer> =>
  server.post(PATH, text, { 'content-type': type });
const stored = (): Promise<string[]> => readdir(join(server.dir, 'examples'));

/** Sends what the generator gives, as far as the server takes it; gives the answer, how many bytes were made, and when the server cut the connection. */
async function stream(
  lines: Iterable<Buffer>,
  headers: Record<string, string> = {},
): Promise<Answer & { made: number; cutAfterMs: number }> {
  let made = 0;
  const body = Readable.from(
    (function* () {
      for (const line of lines) {
        made += line.length;
        yield line;
      }
    })(),
  );
  const call = request(server.url + PATH, { method: 'POST', headers: { 'content-type': 'application/x-ndjson', ...headers } });
  const answer = await new Promise<Answer>((resolve, reject) => {
    call.on('response', (response) => {
      body.destroy();
      let text = '';
      response.on('data', (chunk) => {
        text += String(chunk);
      });
      const found = new Headers({ 'x-request-id': String(response.headers['x-request-id']) });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: found, body: JSON.parse(text) }));
    });
    call.on('error', (error) => {
      // Before the answer it fails the test; after it, it is the server that cuts the upload off.
      reject(error);
    });
    body.pipe(call);
  });
  const answeredAt = performance.now();
  const { socket } = call;
  if (socket?.destroyed === false) await once(socket, 'close', { signal: AbortSignal.timeout(60_000) });
  return { ...answer, made, cutAfterMs: performance.now() - answeredAt };
}

describe('POST /api/v1/examples', () => {
  it('takes JSON Lines and says what they are like', async () => {
    const lines = ['{"input":"win","output":"spam"}', '{"input":"hello","label":"ham"}', '{"input":"win","output":"spam"}'];
    const { status, headers, body } = await upload(lines.join('\n'));
    assert.equal(status, 201);
    const { digest, ...rest } = examplesDescriptionSchema.parse(body);
    assert.equal(headers.get('location'), `/api/v1/examples/${digest}`);
    assert.match(digest, /^[0-9a-f]{64}$/);
    assert.deepEqual(rest, { count: 3, labels: { ham: 1, spam: 2 }, kind: 'text', duplicates: 1, conflicts: 0, bytes: 97 });
    assert.deepEqual((await server.get(`${PATH}/${digest}`)).body, body);
    const read = await server.get(`${PATH}/${digest}/lines`);
    assert.equal(read.headers.get('content-type'), 'application/x-ndjson; charset=utf-8');
    assert.equal(
      read.body,
      '{"input":"win","output":"spam"}\n{"input":"hello","output":"ham"}\n{"input":"win","output":"spam"}\n',
    );
    assert.deepEqual((await upload(lines.join('\r\n'), 'application/jsonl; charset=utf-8')).body, body);
  });

  it('takes CSV', async () => {
    const { status, body } = await upload('a,b,label\n1,x,yes\n2,"y, z",no\n', 'text/csv');
    assert.equal(status, 201);
    const { digest, kind, count } = examplesDescriptionSchema.parse(body);
    assert.deepEqual([kind, count], ['tabular', 2]);
    const { body: text } = await server.get(`${PATH}/${digest}/lines`);
    assert.deepEqual(
      String(text)
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
      [
        { input: { a: 1, b: 'x' }, output: 'yes' },
        { input: { a: 2, b: 'y, z' }, output: 'no' },
      ],
    );
  });

  it('refuses a line that is wrong, names it, and keeps nothing', async () => {
    const atFirst = await stored();
    const error = errorIn(await upload(`${'{"input":1,"output":2}\n'.repeat(6)}{"input":1\n`), 'INVALID_EXAMPLES');
    assert.equal(error.status, 400);
    assert.equal(error.details?.['line'], 7);
    assert.equal(error.details?.['excerpt'], '{"input":1');
    assert.match(error.message, /^Cannot read line 7: it is not JSON/);
    assert.equal(errorIn(await upload('{"output":1}'), 'INVALID_EXAMPLES').details?.['pointer'], '/input');
    assert.equal(errorIn(await upload('a,label\n1,x\n2\n', 'text/csv'), 'INVALID_EXAMPLES').details?.['line'], 3);
    errorIn(await upload(''), 'INVALID_EXAMPLES');
    assert.deepEqual(await stored(), atFirst);
  });

  it('refuses other types without reading them', async () => {
    for (const type of ['application/json', 'text/plain', 'image/png']) {
      const error = errorIn(await upload('{"input":1,"output":2}', type), 'UNSUPPORTED_MEDIA_TYPE');
      assert.equal(error.status, 415);
      assert.ok(JSON.stringify(error.details?.['supported']).includes('"text/csv"'));
    }
    const block = Buffer.alloc(1024 * 1024, ' ');
    const hundred = function* (): Generator<Buffer> {
      for (let count = 0; count < 110; count += 1) yield block;
    };
    const answer = await stream(hundred(), { 'content-type': 'application/json' });
    errorIn(answer, 'UNSUPPORTED_MEDIA_TYPE');
    assert.ok(answer.made < 32 * 1024 * 1024, `it took ${answer.made} bytes`);
  });

  it('refuses more than the limit without reading the whole of it, and keeps nothing', async () => {
    const atFirst = await stored();
    const block = Buffer.from(`{"input":"${'x'.repeat(1000)}","output":"y"}\n`.repeat(64));
    const hundred = function* (): Generator<Buffer> {
      for (let size = 0; size < 110 * 1024 * 1024; size += block.length) yield block;
    };
    const answer = await stream(hundred());
    const error = errorIn(answer, 'PAYLOAD_TOO_LARGE');
    assert.equal(error.status, 413);
    assert.deepEqual(error.details, { limit_bytes: LIMIT });
    assert.ok(answer.cutAfterMs < 20_000, 'the connection stayed open');
    assert.ok(answer.made < 32 * 1024 * 1024, `it took ${answer.made} bytes`);
    assert.deepEqual(await stored(), atFirst);
    assert.equal((await server.get('/health')).status, 200);
  });

  it('takes as much as the limit', async () => {
    const line = '{"input":"x","output":"y"}\n';
    const count = Math.floor(LIMIT / line.length);
    assert.equal((await upload(line.repeat(count).padEnd(LIMIT, ' '))).status, 201);
    errorIn(await upload(line.repeat(count).padEnd(LIMIT + 1, ' ')), 'PAYLOAD_TOO_LARGE');
  });

  it('keeps nothing of an upload that breaks off, and goes on serving', async () => {
    const atFirst = await stored();
    const call = request(server.url + PATH, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' } });
    call.on('error', () => undefined);
    call.write('{"input":1,"output":2}\n{"inp');
    const deadline = performance.now() + 60_000;
    while ((await stored()).length === atFirst.length) assert.ok(performance.now() < deadline, 'the upload never began');
    call.destroy();
    while ((await stored()).length !== atFirst.length) assert.ok(performance.now() < deadline, 'something was left');
    assert.deepEqual(await stored(), atFirst);
    assert.equal((await upload('{"input":1,"output":2}')).status, 201);
  });
});

describe('GET /api/v1/examples/{digest}/facts', () => {
  it('measures fields, split, repetition and leakage of a table before there is a run', async () => {
    const rows = Array.from({ length: 40 }, (_, n) => `${n},${n % 2 === 0 ? 'even' : 'odd'},${n % 2 === 0 ? 'a' : 'b'}`);
    const { body } = await upload(['size,parity,label', ...rows, rows[0], '7,odd,a'].join('\n'), 'text/csv');
    const { digest } = examplesDescriptionSchema.parse(body);
    const facts = exampleFactsSchema.parse((await server.get(`${PATH}/${digest}/facts`)).body);
    assert.deepEqual(
      [facts.count, facts.kind, facts.classes, facts.duplicates.exact, facts.conflicts.inputs],
      [42, 'tabular', 2, 1, 1],
    );
    assert.deepEqual(
      facts.fields.map(({ name, type, leaks }) => [name, type, leaks]),
      [
        ['parity', 'text', false],
        ['size', 'number', false],
      ],
    );
    assert.deepEqual(
      [facts.holdout, facts.labels.reduce((sum, { holdout }) => sum + holdout, 0)],
      [facts.holdout, facts.holdout],
    );
    const half = exampleFactsSchema.parse((await server.get(`${PATH}/${digest}/facts?holdout=0.5`)).body);
    assert.ok(facts.holdout > 0 && half.holdout > 1.5 * facts.holdout);
    assert.deepEqual((await server.get(`${PATH}/${digest}/facts`)).body, facts);
    assert.equal((await server.get(`${PATH}/${digest}/facts?holdout=0.99`)).status, 200);
    assert.equal((await server.get(`${PATH}/${digest}/facts?holdout=1`)).status, 400);
    assert.equal((await server.get(`${PATH}/${'0'.repeat(64)}/facts`)).status, 404);
  });

  it('finds a field that gives the label away', async () => {
    const rows = Array.from({ length: 20 }, (_, n) => `${n},${n % 2},${n % 2 === 0 ? 'a' : 'b'}`);
    const { digest } = examplesDescriptionSchema.parse((await upload(['id,flag,label', ...rows].join('\n'), 'text/csv')).body);
    const facts = exampleFactsSchema.parse((await server.get(`${PATH}/${digest}/facts`)).body);
    assert.deepEqual(facts.leakage.fields, ['flag']);
    assert.match(facts.warnings.join('\n'), /follows from one field alone: flag/);
  });
});

describe('GET /api/v1/examples/{digest}', () => {
  it('says when there are none', async () => {
    const digest = '0'.repeat(64);
    errorIn(await server.get(`${PATH}/${digest}`), 'EXAMPLES_NOT_FOUND');
    assert.equal(errorIn(await server.get(`${PATH}/${digest}/lines`), 'EXAMPLES_NOT_FOUND').status, 404);
  });

  it('refuses what is no digest', async () => {
    for (const digest of ['..%2F..%2Fetc%2Fpasswd', 'abc', 'A'.repeat(64)]) {
      assert.deepEqual(pointersIn(errorIn(await server.get(`${PATH}/${digest}`), 'VALIDATION_ERROR')), ['/params/digest']);
    }
  });
});
