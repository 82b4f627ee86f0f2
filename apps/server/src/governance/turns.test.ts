import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PlatformError } from '@loopwright/protocol';
import { Turns } from './turns.ts';

describe('Turns', () => {
  it('lets two go on at once, the others in their order, and refuses who would be one too many', async () => {
    const turns = new Turns({ atOnce: 2, waiting: 2 });
    const begun: number[] = [];
    const gates = Array.from({ length: 4 }, () => Promise.withResolvers<number>());
    const all = gates.map((gate, number) =>
      turns.run(() => {
        begun.push(number);
        return gate.promise;
      }),
    );
    await assert.rejects(
      turns.run(async () => 9),
      (error) => error instanceof PlatformError && error.code === 'OVERLOADED',
    );
    assert.deepEqual(begun, [0, 1]);
    gates[1]?.reject(new Error('broken'));
    await assert.rejects(all[1] ?? Promise.resolve(), /broken/);
    await new Promise(setImmediate);
    assert.deepEqual(begun, [0, 1, 2]);
    for (const [number, gate] of gates.entries()) gate.resolve(number);
    assert.deepEqual(await Promise.all([all[0], all[2], all[3]]), [0, 2, 3]);
    assert.equal(await turns.run(async () => 5), 5);
  });
});
