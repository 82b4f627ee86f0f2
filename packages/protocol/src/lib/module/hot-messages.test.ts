import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isPlainHotMessage } from './hot-messages.ts';
import { HTTP_CHUNK_BYTES } from './limits.ts';
import { moduleMessageSchema, orchestratorMessageSchema } from './messages.ts';

/** Values at and beyond the limits of every field, and of the wrong kind. */
const anything = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    '',
    'x',
    'aGk=',
    0,
    99,
    100,
    200.5,
    599,
    600,
    -1,
    {},
    [],
    [0, 255],
    [256],
    [1.5],
    [-1],
  ),
  fc.constantFrom(128, 129, 256, 257, 16_384, 16_385, 65_536, 65_537).map((length) => 'a'.repeat(length)),
  fc
    .constantFrom(Math.ceil(HTTP_CHUNK_BYTES / 3) * 4, Math.ceil(HTTP_CHUNK_BYTES / 3) * 4 + 1)
    .map((length) => 'a'.repeat(length)),
  fc.constantFrom('GET', 'post', 'GE T', 'G'.repeat(20), 'G'.repeat(21), '/path?a=b', 'x\ny'),
  fc.dictionary(
    fc.constantFrom('a', '__proto__', 'n'.repeat(256), 'n'.repeat(257)),
    fc.oneof(fc.string(), fc.array(fc.string()), fc.integer()),
  ),
  fc.constantFrom(64, 65).map((count) => ({ 'set-cookie': Array.from({ length: count }, () => 'a=1') })),
  fc.constantFrom(256, 257).map((count) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`h${index}`, '']))),
  fc.jsonValue(),
);

const proper: Record<string, unknown> = {
  request_id: '1',
  method: 'POST',
  uri: '/echo',
  headers: { 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'] },
  body: 'aGk=',
  streamed: true,
  status_code: 200,
  data: 'aGk=',
  last: false,
};
const FIELDS: Record<string, readonly string[]> = {
  http_request: ['request_id', 'method', 'uri', 'headers', 'body', 'streamed'],
  http_response: ['request_id', 'status_code', 'headers', 'body', 'streamed'],
  http_body: ['request_id', 'data', 'last'],
};

/** A message that is mostly right: fields are left out, are something else, or are too many. */
const nearly = fc.constantFrom(...Object.keys(FIELDS)).chain((op) => {
  const fields = Object.fromEntries(
    (FIELDS[op] ?? []).map((name) => [
      name,
      fc.oneof({ weight: 9, arbitrary: fc.constant(proper[name]) }, { weight: 2, arbitrary: anything }),
    ]),
  );
  const more = fc.option(fc.dictionary(fc.constantFrom('more', '__proto__', 'op2', op, 'bytes'), anything, { maxKeys: 1 }), {
    freq: 8,
    nil: {},
  });
  return fc
    .tuple(fc.record(fields, { requiredKeys: [] }), fc.shuffledSubarray([...(FIELDS[op] ?? [])], { minLength: 1 }), more)
    .map(([known, order, extra]) => {
      const missing = Object.keys(known).filter((name) => !order.includes(name));
      return JSON.stringify({
        op,
        ...Object.fromEntries([...order, ...missing].filter((name) => name in known).map((name) => [name, known[name]])),
        ...extra,
      });
    });
});

describe('isPlainHotMessage()', () => {
  it('takes nothing that the schema refuses, changes or leaves a part out of', () => {
    let taken = 0;
    fc.assert(
      fc.property(nearly, (line) => {
        const value = JSON.parse(line) as Record<string, unknown>;
        if (!isPlainHotMessage(value)) return;
        taken += 1;
        const schema = value['op'] === 'http_request' ? orchestratorMessageSchema : moduleMessageSchema;
        const result = schema.safeParse(value);
        assert.ok(result.success, line.slice(0, 500));
        assert.deepEqual(result.data, value);
      }),
      { numRuns: 3000 },
    );
    assert.ok(taken > 100, `only ${taken} of 3000 were taken`);
  });

  it('takes what every request of ours has', () => {
    const { request_id, method, uri, headers, body, streamed, status_code, data, last } = proper;
    for (const message of [
      { op: 'http_request', request_id, method, uri, headers, body },
      { op: 'http_request', request_id, method, uri, headers, body: null, streamed },
      { op: 'http_response', request_id, status_code, headers: {}, body: [1, 2] },
      { op: 'http_response', request_id, status_code, headers },
      { op: 'http_body', request_id, data, last },
    ])
      assert.ok(isPlainHotMessage(message), JSON.stringify(message));
  });

  it('leaves everything else to the schemas', () => {
    for (const message of [
      {},
      { op: 1 },
      { op: '__proto__' },
      { op: 'heartbeat' },
      { op: 'http_response', request_id: '1', status_code: 200 },
    ])
      assert.equal(isPlainHotMessage(message), false);
  });
});
