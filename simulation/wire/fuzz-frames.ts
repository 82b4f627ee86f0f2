import { Duplex } from 'node:stream';
import { encode } from '@msgpack/msgpack';
import { FramedTransport } from '@loopwright/module-sdk';
import type { Random } from '@loopwright/protocol';
import { seededRandom, systemClock } from '@loopwright/protocol';

/** What became of changed frames. */
export interface FrameCounts {
  /** Lines that were given on, those among them that are a message, and frames over the limit. */
  readonly lines: number;
  readonly messages: number;
  readonly tooLong: number;
}

const LIMIT_BYTES = 4096;
/** Frames of one connection: a length that lies takes along what comes after it. */
const FRAMES_OF_CONNECTION = 20;
const CONTENTS: readonly unknown[] = [
  { op: 'heartbeat_ack' },
  { op: 'get_secret', name: 'API_KEY' },
  {
    op: 'http_response',
    request_id: '1',
    status_code: 200,
    headers: { 'content-type': 'text/plain' },
    body: Uint8Array.of(1, 2, 3),
  },
  {
    op: 'register',
    info: { name: 'far', version: '1', metadata: { deep: [[[[1, -1, 1.5, null, true]]]] } },
    token: 'x'.repeat(40),
  },
  { op: 'capabilities', capabilities: { endpoints: [{ path: '/', methods: ['GET'] }] } },
  'a text',
  'y'.repeat(300),
];

/** Bytes that come in, and go nowhere. */
class Wire extends Duplex {
  override _read(): void {
    // What comes is pushed.
  }

  override _write(_chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
    done();
  }
}

/** A frame of JSON or MessagePack, most of them changed in some bytes. */
function frameOf(random: Random): Buffer {
  const below = (count: number): number => Math.floor(random.next() * count);
  const value = { id: '1', content: CONTENTS[below(CONTENTS.length)], metadata: { source: 'far', timestamp: below(2 ** 31) } };
  const isJson = random.next() < 0.4;
  const data = Buffer.from(isJson ? JSON.stringify(value) : encode(value));
  for (let change = below(4); change > 0; change -= 1) data[below(data.length)] = below(256);
  const cut = random.next() < 0.1 ? data.subarray(0, below(data.length)) : data;
  const head = Buffer.alloc(5);
  head.writeUInt32BE(random.next() < 0.02 ? below(2 ** 32) : cut.length);
  head[4] = random.next() < 0.02 ? below(256) : isJson ? 0 : 1;
  return Buffer.concat([head, cut]);
}

/** Sends changed frames, cut anywhere, to the reader of frames. @throws With the seed and the number of the input, when one breaks it or makes it keep more than its limit. */
export async function fuzzBinaryFrames(seed: number, inputs: number): Promise<FrameCounts> {
  const random = seededRandom(seed);
  let [lines, messages, tooLong] = [0, 0, 0];
  for (let index = 0; index < inputs; index += FRAMES_OF_CONNECTION) {
    const socket = new Wire();
    const transport = new FramedTransport({
      socket,
      clock: systemClock,
      format: 'json',
      source: 'a',
      destination: 'b',
      limitBytes: LIMIT_BYTES,
    });
    const broken = Promise.withResolvers<never>();
    broken.promise.catch(() => undefined);
    socket.on('error', broken.reject);
    transport.start({
      line: (text) => {
        lines += 1;
        if (text.startsWith('{"op"')) messages += 1;
        if (Buffer.byteLength(text) > LIMIT_BYTES) broken.reject(new Error('a line is over the limit'));
      },
      tooLong: () => (tooLong += 1),
      end: (error) => (error === undefined ? undefined : broken.reject(error)),
    });
    const bytes = Buffer.concat(Array.from({ length: Math.min(FRAMES_OF_CONNECTION, inputs - index) }, () => frameOf(random)));
    try {
      for (let at = 0; at < bytes.length;) {
        const size = 1 + Math.floor(random.next() * 700);
        socket.push(bytes.subarray(at, at + size));
        at += size;
      }
      await Promise.race([new Promise((resolve) => setImmediate(resolve)), broken.promise]);
    } catch (cause) {
      throw new Error(`The inputs from ${index} of the seed ${seed} broke the reader of frames`, { cause });
    }
    transport.abort();
  }
  return { lines, messages, tooLong };
}
