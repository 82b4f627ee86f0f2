import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { encode } from '@msgpack/msgpack';
import { seededRandom, systemClock } from '@loopwright/protocol';
import { echoLines } from '../fixtures/echo-lines.ts';
import { testTransport } from '../transport/transport.suite.ts';
import { decodeFrame, encodeFrame, type FrameFormat, lineOfValue } from './frame.ts';
import { FrameSplitter } from './frame-splitter.ts';
import { FramedTransport } from './framed-transport.ts';
import { MessageBatch } from './message-batch.ts';
import { isSoundMessagePack } from './message-pack-check.ts';

const framed = (socket: Socket, format: FrameFormat, more: object = {}): FramedTransport =>
  new FramedTransport({
    socket,
    clock: systemClock,
    format,
    source: 'here',
    destination: 'there',
    limitBytes: 64 * 1024,
    ...more,
  });

testTransport('frames over TCP, of MessagePack there and of JSON back', async () => {
  const server = createServer((socket) => echoLines(framed(socket, 'json', { limitBytes: 8 * 1024 * 1024 }))).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  const transport = framed(socket, 'messagepack');
  return {
    transport,
    release: async () => {
      transport.abort();
      server.close();
    },
  };
});

describe('encodeFrame() and decodeFrame()', () => {
  it('write a length, a byte for the format, and the value', () => {
    assert.deepEqual([...encodeFrame({ a: 1 }, 'json')], [0, 0, 0, 7, 0, ...Buffer.from('{"a":1}')]);
    assert.deepEqual([...encodeFrame({ a: 1 }, 'messagepack')], [0, 0, 0, 4, 1, 0x81, 0xa1, 0x61, 1]);
  });

  it('give bytes as the protocol writes them, and nothing for what is no value', () => {
    const data = Buffer.from(encode({ body: Uint8Array.of(0, 255), late: new Date(0) }));
    assert.equal(lineOfValue(decodeFrame(1, data)?.value), '{"body":[0,255],"late":"1970-01-01T00:00:00.000Z"}');
    for (const [format, bytes] of [
      [2, '{}'],
      [0, '{'],
      [0, '['.repeat(1_000_000)],
      [1, '\u0091'.repeat(1_000_000)],
      [1, ''],
    ] as const)
      assert.equal(decodeFrame(format, Buffer.from(bytes, 'latin1')), undefined);
  });

  it('make no room for a list that says it is longer than its bytes', () => {
    const lies = [
      [0xdd, 0xff, 0xff, 0xff, 0xff],
      [0xdc, 0xff, 0xff, 1, 2],
      [0xdf, 0x7f, 0xff, 0xff, 0xff],
      [0x92, 1],
      [0xdb, 0, 0, 1, 0, 65],
      [0x01, 0x02],
      [0xc1],
    ];
    for (const lie of lies) assert.equal(isSoundMessagePack(Buffer.from(lie), 64), false, String(lie));
    // Each list holds the next, and says that it holds all that is left.
    const nested = Buffer.concat(Array.from({ length: 60 }, () => Buffer.from([0xdd, 0, 1, 0x86, 0xa0])));
    assert.equal(isSoundMessagePack(Buffer.concat([nested, Buffer.alloc(99_000)]), 64), false);
  });

  it('agree with the library on what is one value, for any bytes', () => {
    const random = seededRandom(7);
    const bytes = (count: number): Buffer => Buffer.from(Array.from({ length: count }, () => Math.floor(random.next() * 256)));
    let sound = 0;
    for (let round = 0; round < 30_000; round += 1) {
      const data = bytes(1 + Math.floor(random.next() * 12));
      const isSound = isSoundMessagePack(data, 64);
      // What it decodes is sound; of what is sound it may refuse texts and keys.
      if (decodeFrame(1, data) !== undefined) assert.ok(isSound);
      sound += isSound ? 1 : 0;
    }
    assert.ok(sound > 1000);
  });
});

describe('FrameSplitter', () => {
  it('gives the same frames however the bytes are cut, leaves out one over the limit, and holds no more than came', () => {
    const frames = ['', 'a', 'x'.repeat(101), 'b'.repeat(100)].map((text) => {
      const head = Buffer.from([0, 0, 0, 0, 0]);
      head.writeUInt32BE(text.length);
      return Buffer.concat([head, Buffer.from(text)]);
    });
    const all = Buffer.concat(frames);
    for (const step of [1, 2, 3, 7, 50, all.length]) {
      const got: string[] = [];
      const splitter = new FrameSplitter({
        limitBytes: 100,
        onFrame: (format, data) => got.push(`${format}${data.toString()}`),
        onTooLong: () => got.push('too long'),
      });
      for (let at = 0; at < all.length; at += step) {
        splitter.push(all.subarray(at, at + step));
        assert.ok(splitter.heldBytes <= 105);
      }
      assert.deepEqual(got, ['0', '0a', 'too long', `0${'b'.repeat(100)}`], `steps of ${step}`);
    }
  });
});

describe('MessageBatch', () => {
  it('gives messages on with the hundredth, with a mebibyte, and 10 ms after the first, in their order', () => {
    const timers = new Map<number, () => void>();
    const batches: string[][] = [];
    const waits: number[] = [];
    const clock = {
      now: () => 0,
      schedule: (ms: number, run: () => void) => {
        waits.push(ms);
        timers.set(waits.length, run);
        return () => void timers.delete(waits.length);
      },
    };
    const batch = new MessageBatch(
      {},
      { clock, onBatch: (messages) => batches.push(messages.map((one) => one.toString('latin1', 0, 4))) },
    );
    for (let index = 0; index < 101; index += 1) batch.add(Buffer.from(String(index)));
    assert.deepEqual(
      batches.map((one) => one.length),
      [100],
    );
    assert.deepEqual(batches[0]?.slice(98), ['98', '99']);
    assert.deepEqual([waits, timers.size, batch.bytes], [[10, 10], 1, 3]);
    for (const run of timers.values()) run();
    assert.deepEqual(batches[1], ['100']);
    for (const name of ['a', 'b', 'c']) batch.add(Buffer.alloc(500_000, name));
    // The third would have made it more than a mebibyte.
    assert.deepEqual(batches[2], ['aaaa', 'bbbb']);
    batch.add(Buffer.alloc(2_000_000, 'd'));
    assert.deepEqual(batches.slice(3), [['cccc'], ['dddd']]);
    assert.equal(batch.bytes, 0);
  });
});
