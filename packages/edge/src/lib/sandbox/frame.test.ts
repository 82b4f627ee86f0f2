import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { FrameReader, FrameWriter } from './frame.ts';

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const frames = fc.array(
  fc.record({ kind: u32, id: u32, value: u32, payload: fc.string({ unit: 'grapheme' }) }, { noNullPrototype: true }),
);

describe('FrameReader', () => {
  it('gives back what was written, however it is put together and cut', () => {
    fc.assert(
      fc.property(frames, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 5 }), (written, size, batch) => {
        const writer = new FrameWriter();
        const taken = written.map(({ kind, id, value, payload }, index) => {
          writer.add(kind, id, value, payload);
          return index % batch === 0 ? writer.take() : Buffer.alloc(0);
        });
        const bytes = Buffer.concat([...taken, writer.take()]);
        const reader = new FrameReader();
        const read = [];
        for (let at = 0; at < bytes.length; at += size) read.push(...reader.push(bytes.subarray(at, at + size)));
        assert.deepEqual(read, written);
      }),
    );
  });

  it('takes payloads larger than the room of a writer', () => {
    const writer = new FrameWriter();
    const payloads = ['é'.repeat(100_000), 'x'.repeat(2048), '', '😀'.repeat(2000)];
    payloads.forEach((payload, id) => writer.add(1, id, 0, payload));
    assert.deepEqual(
      new FrameReader().push(writer.take()).map(({ payload }) => payload),
      payloads,
    );
  });

  it('refuses a frame over the limit before it is there', () => {
    const header = Buffer.alloc(16);
    header.writeUInt32BE(0xffff_ffff, 0);
    assert.throws(() => new FrameReader().push(header), RangeError);
  });
});
