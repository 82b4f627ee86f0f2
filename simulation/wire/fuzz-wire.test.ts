import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fuzzBinaryFrames } from './fuzz-frames.ts';
import { fuzzFrames, fuzzParser } from './fuzz-wire.ts';

describe('the module protocol under changed lines', () => {
  it('takes or refuses each of fifty thousand, in both directions', () => {
    const counts = fuzzParser(7, 50_000);
    assert.equal(
      Object.values(counts).reduce((sum, count) => sum + count, 0),
      100_000,
    );
    for (const kind of ['message', 'noise', 'unknown_op', 'malformed', 'too_deep'])
      assert.ok((counts[kind] ?? 0) > 100, `${kind}: ${counts[kind]}`);
  });

  it('takes or refuses each of two thousand changed frames', async () => {
    const { lines, messages, tooLong } = await fuzzBinaryFrames(7, 2000);
    assert.ok(messages > 200 && lines > messages + 200 && tooLong > 10, `${lines} ${messages} ${tooLong}`);
  });

  it('reads the proper message after any bytes', async () => {
    const { reports, taken } = await fuzzFrames(7, 2000);
    assert.ok(reports > 500 && taken > 10, `${reports} ${taken}`);
  });
});
