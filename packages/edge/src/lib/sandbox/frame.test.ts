import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { FrameReader, encodeFrame } from './frame.ts';

const frames = fc.array(
  fc.record(
    {
      id: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      head: fc.string().map((text) => JSON.stringify(text)),
      payload: fc.string({ unit: 'grapheme' }),
    },
    { noNullPrototype: true },
  ),
);

describe('FrameReader', () => {
  it('gives back what was written, however it is cut', () => {
    fc.assert(
      fc.property(frames, fc.integer({ min: 1, max: 50 }), (written, size) => {
        const bytes = Buffer.concat(written.map(encodeFrame));
        const reader = new FrameReader();
        const read = [];
        for (let at = 0; at < bytes.length; at += size) read.push(...reader.push(bytes.subarray(at, at + size)));
        assert.deepEqual(read, written);
      }),
    );
  });

  it('refuses a frame over the limit before it is there', () => {
    const header = Buffer.alloc(8);
    header.writeUInt32BE(0xffff_ffff, 0);
    assert.throws(() => new FrameReader().push(header), RangeError);
  });
});
