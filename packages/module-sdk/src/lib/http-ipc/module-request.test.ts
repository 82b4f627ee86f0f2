import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { IpcServerRequest } from './ipc-messages.ts';
import { ModuleRequest } from './module-request.ts';
import { WholeResponse } from './whole-response.ts';

const BYTES = Buffer.from('\uFEFF{"å":[1,"🙂"]}');
const HEADERS = { 'content-type': 'application/json', 'x-a': 'b' };
type Fetched = Request | Response;
/** Everything that reads a body, and what of its result is compared. */
const READS: Record<string, (one: Fetched) => Promise<unknown>> = {
  text: (one) => one.text(),
  json: (one) => one.json(),
  bytes: async (one) => [...(await one.bytes())],
  arrayBuffer: async (one) => [...new Uint8Array(await one.arrayBuffer())],
  blob: async (one) => {
    const blob = await one.blob();
    return [blob.type, await blob.text()];
  },
  body: async (one) => new Response(one.body as ConstructorParameters<typeof Response>[0]).text(),
  formData: async (one) => [...(await one.formData())],
};

function incoming(fields: Partial<IpcServerRequest> = {}): IpcServerRequest {
  const { signal } = new AbortController();
  return { method: 'POST', uri: '/a?b=c', headers: HEADERS, body: BYTES, signal, ...fields };
}

/** What each way of reading gives, and what it leaves behind. */
async function readings(make: () => Fetched): Promise<unknown> {
  const all: Record<string, unknown> = {};
  for (const [name, read] of Object.entries(READS)) {
    const one = make();
    const outcome = await read(one).catch((error: unknown) => (error instanceof Error ? error.name : error));
    const again = await one.text().then(
      () => 'read twice',
      (error: unknown) => (error instanceof TypeError ? 'TypeError' : error),
    );
    let cloned = 'cloned';
    try {
      one.clone();
    } catch (error) {
      cloned = error instanceof TypeError ? 'TypeError' : String(error);
    }
    all[name] = [outcome, again, cloned, one.bodyUsed];
  }
  return all;
}

describe('ModuleRequest', () => {
  it('is read as any other request is, once, whichever way', async () => {
    const native = (): Request => new Request('http://module.invalid/a?b=c', { method: 'POST', headers: HEADERS, body: BYTES });
    assert.deepEqual(await readings(() => new ModuleRequest(incoming())), await readings(native));
    const one = new ModuleRequest(incoming());
    assert.deepEqual(
      [one instanceof Request, one.method, one.url, one.headers.get('x-a'), one.bodyUsed],
      [true, 'POST', 'http://module.invalid/a?b=c', 'b', false],
    );
  });

  it('gives its body to requests that are made of it, and to a clone', async () => {
    assert.equal(await new Request(new ModuleRequest(incoming())).text(), BYTES.toString().slice(1));
    const given = new ModuleRequest(incoming());
    assert.equal(await new Request('http://other.invalid/', given).text(), BYTES.toString().slice(1));
    const one = new ModuleRequest(incoming());
    const clone = one.clone();
    assert.deepEqual([await clone.json(), await one.json()], [{ å: [1, '🙂'] }, { å: [1, '🙂'] }]);
  });

  it('gives bytes of its own: what shares their memory is not in them', async () => {
    const pool = Buffer.from('secret body secret');
    const one = new ModuleRequest(incoming({ body: pool.subarray(7, 11) }));
    const bytes = await one.bytes();
    assert.deepEqual([Buffer.from(bytes.buffer).toString(), bytes.buffer.byteLength], ['body', 4]);
    bytes.fill(0);
    assert.equal(pool.toString(), 'secret body secret');
  });

  it('has no body where there is none, and streams one that comes in pieces', async () => {
    const none = new ModuleRequest(incoming({ method: 'GET', body: null }));
    assert.deepEqual([none.body, none.bodyUsed, await none.text()], [null, false, '']);
    assert.equal(await new ModuleRequest(incoming({ body: new Uint8Array() })).text(), '');
    const pieces = ReadableStream.from([Buffer.from('a'), Buffer.from('b')]);
    const streamed = new ModuleRequest(incoming({ body: pieces }));
    assert.deepEqual([await streamed.text(), streamed.bodyUsed], ['ab', true]);
  });
});

describe('WholeResponse', () => {
  it('is read as any other answer is, once, whichever way', async () => {
    const init = { status: 201, headers: HEADERS };
    assert.deepEqual(await readings(() => new WholeResponse(BYTES, init)), await readings(() => new Response(BYTES, init)));
    const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' } };
    assert.deepEqual(
      await readings(() => new WholeResponse('a=1&b=2', form)),
      await readings(() => new Response('a=1&b=2', form)),
    );
  });

  it('has the type of a text, as any other answer', () => {
    assert.equal(new WholeResponse('a').headers.get('content-type'), new Response('a').headers.get('content-type'));
    assert.equal(new WholeResponse(BYTES).headers.get('content-type'), new Response(BYTES).headers.get('content-type'));
    assert.equal(new WholeResponse('a', { headers: { 'content-type': 'x/y' } }).headers.get('content-type'), 'x/y');
  });

  it('refuses a body where the status has none, as any other answer', () => {
    for (const status of [204, 205, 304]) {
      assert.throws(() => new Response('a', { status }), TypeError);
      assert.throws(() => new WholeResponse('a', { status }), TypeError);
    }
  });

  it('is sent as it is while nobody has read it', async () => {
    const one = new WholeResponse('abc');
    assert.equal(Buffer.from(one.unread ?? []).toString(), 'abc');
    const reader = one.body?.getReader();
    assert.equal(one.unread, undefined);
    assert.equal(Buffer.from((await reader?.read())?.value ?? []).toString(), 'abc');
  });
});
