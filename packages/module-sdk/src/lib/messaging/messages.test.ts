import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { type Clock, ORCHESTRATOR_ID, PlatformError, systemClock, systemRandom } from '@loopwright/protocol';
import { defineModule } from '../application/define-module.ts';
import { ModuleHub, type ModuleHubOptions } from '../hub/module-hub.ts';
import { createTestHost, type TestHost } from '../test-host/test-host.ts';
import { IncomingStreams } from './incoming-streams.ts';
import type { MessageClient } from './message-client.ts';
import { type Chunk, sendStream } from './outgoing-stream.ts';

interface Modules extends AsyncDisposable {
  readonly hub: ModuleHub;
  readonly hosts: readonly TestHost[];
  readonly messages: readonly [MessageClient, MessageClient, MessageClient];
}

/** Three modules, a, b and c, of one hub. */
async function modules(options: Partial<ModuleHubOptions> = {}): Promise<Modules> {
  const stack = new AsyncDisposableStack();
  const hub = stack.use(new ModuleHub({ clock: systemClock, random: systemRandom, ...options }));
  const begin = async (id: string): Promise<[TestHost, MessageClient]> => {
    const given = Promise.withResolvers<MessageClient>();
    const start = defineModule({ name: id, version: '1.0.0', state: ({ messages }) => given.resolve(messages) });
    const host = stack.use(createTestHost({ start, hub, init: { module_id: id } }));
    await host.announced;
    return [host, await given.promise];
  };
  const [a, b, c] = [await begin('a'), await begin('b'), await begin('c')];
  return {
    hub,
    hosts: [a[0], b[0], c[0]],
    messages: [a[1], b[1], c[1]],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

describe('requests between modules', () => {
  it('bring the answer of the target, or its error, and name who asks', async () => {
    await using world = await modules();
    const [a, b] = world.messages;
    b.handle('double', (content, { source }) => ({ from: source, twice: Number(content) * 2 }));
    b.handle('refuse', () => {
      throw new PlatformError('INVALID_STATE', 'Cannot do it: it is closed');
    });
    b.handle('break', () => {
      throw new Error('the password is hunter2');
    });
    const many = await Promise.all(Array.from({ length: 90 }, (_, index) => a.request('b', 'double', index)));
    assert.deepEqual(
      many,
      Array.from({ length: 90 }, (_, index) => ({ from: 'a', twice: index * 2 })),
    );
    await assert.rejects(a.request('b', 'refuse', null), { code: 'INVALID_STATE', message: 'Cannot do it: it is closed' });
    await assert.rejects(a.request('b', 'break', null), (error: Error) => !error.message.includes('hunter2'));
    await assert.rejects(a.request('b', 'nothing', null), { code: 'MODULE_NOT_FOUND' });
    await assert.rejects(a.request('nobody', 'double', 1), { code: 'MODULE_NOT_FOUND' });
    await assert.rejects(a.request('b', 'double', 'x'.repeat(2 * 1024 * 1024)), RangeError);
    assert.equal(world.hosts[1]?.errors.length, 1);
  });

  it('end when the target dies, and when it does not answer in time', async () => {
    await using world = await modules();
    const [a, b] = world.messages;
    const asked = Promise.withResolvers<void>();
    b.handle('wait', () => {
      asked.resolve();
      return new Promise(() => undefined);
    });
    await assert.rejects(a.request('b', 'wait', null, { timeoutMs: 5 }), { code: 'MODULE_TIMEOUT' });
    const waiting = a.request('b', 'wait', null);
    const ended = assert.rejects(waiting, { code: 'SERVICE_UNAVAILABLE', message: /"b": it is gone/ });
    await asked.promise;
    world.hosts[1]?.vanish();
    await ended;
  });

  it('are refused to who may not send them, and the host itself takes only what it knows', async () => {
    await using world = await modules({ maySend: (source, target) => source !== 'c' || target === ORCHESTRATOR_ID });
    const [a, b, c] = world.messages;
    b.handle('id', () => 'of b');
    await assert.rejects(c.request('a', 'id', null), { code: 'FORBIDDEN' });
    assert.equal(await a.request('b', 'id', null), 'of b');
    assert.throws(() => world.hub.messages.attach(ORCHESTRATOR_ID, undefined as never), RangeError);
    await assert.rejects(a.request(ORCHESTRATOR_ID, 'shutdown', null), { code: 'MODULE_NOT_FOUND' });
  });
});

describe('publish and subscribe', () => {
  it('tells those who are subscribed now, in the order in which it was published', async () => {
    await using world = await modules();
    const [a, b, c] = world.messages;
    const got: unknown[] = [];
    const leave = await b.subscribe('news', (content, { source }) => void got.push(['b', source, content]));
    await c.subscribe('news', (content) => void got.push(['c', content]));
    assert.equal(await a.publish('news', 1), 2);
    assert.equal(await a.publish('other', 1), 0);
    await leave();
    assert.equal(await a.publish('news', 2), 1);
    world.hosts[2]?.vanish();
    await world.hosts[2]?.ended;
    assert.equal(await a.publish('news', 3), 0);
    assert.deepEqual(
      got.filter((one) => Array.isArray(one) && one[0] === 'b'),
      [['b', 'a', 1]],
    );
    assert.equal(world.hub.messages.dropped, 0);
  });

  it('refuses more topics of a module than it may have', async () => {
    await using world = await modules();
    const [a] = world.messages;
    for (let index = 0; index < 100; index += 1) await a.subscribe(`t${index}`, () => undefined);
    await assert.rejects(
      a.subscribe('one more', () => undefined),
      { code: 'LIMIT_EXCEEDED' },
    );
  });
});

describe('streams between modules', () => {
  it('bring all bytes in order, holding no more than a window when the reader is slow', async () => {
    await using world = await modules();
    const [a, b] = world.messages;
    const bytes = randomBytes(1_500_000);
    let sent = 0;
    let taken = 0;
    let ahead = 0;
    const parts: Uint8Array[] = [];
    b.handleStream('file', async (stream) => {
      for await (const part of stream) {
        parts.push(part);
        taken += part.length;
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    const source = async function* (): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += 64 * 1024) {
        sent = at;
        ahead = Math.max(ahead, sent - taken);
        yield bytes.subarray(at, at + 64 * 1024);
      }
    };
    await a.sendStream('b', 'file', source());
    assert.ok(Buffer.concat(parts).equals(bytes));
    assert.ok(ahead <= 12 * 64 * 1024, `${ahead} bytes were ahead of the reader`);
  });

  it('fail at the sender when the reader throws, leaves, is not there or dies', async () => {
    await using world = await modules();
    const [a, b] = world.messages;
    let isSourceClosed = false;
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield new Uint8Array(1000);
      } finally {
        isSourceClosed = true;
      }
    };
    b.handleStream('throws', async (stream) => {
      for await (const _part of stream) throw new PlatformError('INVALID_STATE', 'Cannot keep it: the disk is full');
    });
    b.handleStream('leaves', async (stream) => {
      for await (const _part of stream) break;
    });
    const dying = Promise.withResolvers<void>();
    b.handleStream('dies', async (stream) => {
      for await (const _part of stream) dying.resolve();
    });
    await assert.rejects(a.sendStream('b', 'throws', endless()), { message: /the disk is full/ });
    assert.equal(isSourceClosed, true);
    await assert.rejects(a.sendStream('b', 'leaves', endless()), { message: /its reader has left/ });
    await assert.rejects(a.sendStream('b', 'nowhere', endless()), { code: 'MODULE_NOT_FOUND' });
    const ended = assert.rejects(
      a.sendStream('b', 'dies', endless()),
      (error: PlatformError) => error.retryable || error.status === 404,
    );
    await dying.promise;
    world.hosts[1]?.vanish();
    await ended;
  });

  it('bring each piece once when its acknowledgement comes too late', async () => {
    // The sender's time is over at once, the first two times that it waits for a piece.
    let early = 0;
    const clock: Clock = {
      now: () => systemClock.now(),
      schedule: (ms, run) => systemClock.schedule(ms === 30_000 && (early += 1) <= 2 ? 0 : ms, run),
    };
    using hub = new ModuleHub({ clock: systemClock, random: systemRandom });
    const got: number[] = [];
    const given = Promise.withResolvers<MessageClient>();
    const reader = defineModule({
      name: 'reader',
      version: '1.0.0',
      state: ({ messages }) =>
        messages.handleStream('numbers', async (stream) => {
          for await (const [number = -1] of stream) {
            await new Promise((resolve) => setTimeout(resolve, 5));
            got.push(number);
          }
        }),
    });
    const writer = defineModule({ name: 'writer', version: '1.0.0', state: ({ messages }) => given.resolve(messages) });
    await using one = createTestHost({ start: reader, hub, init: { module_id: 'reader' } });
    await using other = createTestHost({ start: writer, hub, clock, init: { module_id: 'writer' } });
    await Promise.all([one.announced, other.announced]);
    const numbers = async function* (): AsyncGenerator<Uint8Array> {
      for (let number = 0; number < 15; number += 1) yield Uint8Array.of(number);
    };
    await (await given.promise).sendStream('reader', 'numbers', numbers());
    assert.deepEqual(got, [...Array(15).keys()]);
    assert.ok(early > 2);
  });

  it('sends a piece again that came as another one, and gives up after three repetitions', async () => {
    const garbled = async (times: number): Promise<string> => {
      const streams = new IncomingStreams({ clock: systemClock });
      let read = '';
      streams.handle('text', async (bytes) => {
        for await (const piece of bytes) read += Buffer.from(piece).toString();
      });
      let left = times;
      const send = async (chunk: Chunk): Promise<void> => {
        const isWrong = chunk.sequence === 1 && left > 0;
        if (isWrong) left -= 1;
        const data = isWrong ? Buffer.from('xx').toString('base64') : chunk.data;
        await streams.take({ ...chunk, data, endpoint: 'text' }, 'a');
      };
      const source = async function* (): AsyncGenerator<Uint8Array> {
        for (const text of ['one ', 'two ', 'three']) yield Buffer.from(text);
      };
      await sendStream({ source: source(), streamId: '1', clock: systemClock, send }).finally(() =>
        streams.end(new Error('over')),
      );
      return read;
    };
    assert.equal(await garbled(3), 'one two three');
    await assert.rejects(garbled(4), { code: 'MODULE_PROTOCOL_ERROR', message: /does not fit its checksum/ });
  });
});
