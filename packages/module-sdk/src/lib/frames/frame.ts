// F1. Nothing that a frame holds makes this throw, takes more memory than in proportion to its bytes, or nests deeper than the limit.
import { Decoder, Encoder } from '@msgpack/msgpack';
import { isDeeperThan, MODULE_DEPTH_LIMIT } from '@loopwright/protocol';
import { isSoundMessagePack } from './message-pack-check.ts';

/** How a value is written in a frame. */
export type FrameFormat = 'json' | 'messagepack';

/** The byte that says it. */
const FORMAT_BYTES: Readonly<Record<FrameFormat, number>> = { json: 0, messagepack: 1 };
const FORMATS: readonly FrameFormat[] = ['json', 'messagepack'];

/** Bytes before the value: its length (big-endian, without these bytes), and its format. */
export const FRAME_HEAD_BYTES = 5;

/** Each call begins anew; they keep their room. */
const ENCODER = new Encoder({ ignoreUndefined: true });
const DECODER = new Decoder();

/** The envelope around a message adds two levels. */
const DEPTH_LIMIT = MODULE_DEPTH_LIMIT + 2;

/** A value as one frame. @throws RangeError For one that is longer than a frame can say, or no JSON. */
export function encodeFrame(value: unknown, format: FrameFormat): Buffer {
  const data = format === 'json' ? Buffer.from(JSON.stringify(value)) : Buffer.from(ENCODER.encode(value));
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUInt32BE(data.length);
  head[4] = FORMAT_BYTES[format];
  return Buffer.concat([head, data]);
}

/** What a frame holds; `undefined` for a format that is none, and for bytes that are no value of it. Bytes of MessagePack become lists of numbers, as the protocol has them. */
export function decodeFrame(
  formatByte: number,
  data: Buffer,
): { readonly value: unknown; readonly format: FrameFormat } | undefined {
  const format = FORMATS[formatByte];
  if (format === undefined) return undefined;
  try {
    if (format === 'messagepack')
      return isSoundMessagePack(data, DEPTH_LIMIT) ? { value: DECODER.decode(data), format } : undefined;
    const text = data.toString('utf8');
    return isDeeperThan(DEPTH_LIMIT, text) ? undefined : { value: JSON.parse(text) as unknown, format };
  } catch {
    return undefined;
  }
}

/** A value of a frame as the text of a line. @throws TypeError, RangeError For what JSON cannot say. */
export function lineOfValue(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key: string, shown: unknown) {
    const own = this[key];
    return own instanceof Uint8Array ? [...own] : shown;
  });
}
