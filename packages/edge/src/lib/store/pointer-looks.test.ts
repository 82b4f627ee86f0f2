import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '@loopwright/protocol';
import { POINTER_LOOK_MS } from './limits.ts';
import { PointerLooks } from './pointer-looks.ts';
import { ProgramStore } from './program-store.ts';

describe('PointerLooks', () => {
  let dir: string;
  let store: ProgramStore;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'loopwright-looks-'));
    store = new ProgramStore({ dir, clock: systemClock });
    for (const id of ['one', 'two']) await store.store('spam', { id, source: 'export const run = (x) => x;' });
  });
  after(() => rm(dir, { recursive: true, force: true }));

  it('looks again after each move of an alias or a rollout, by whichever writer, and not without one', async () => {
    const looks = new PointerLooks(store, systemClock);
    let count = 0;
    const look = async (): Promise<number> => {
      await looks.ifDue(async () => void (count += 1));
      return count;
    };
    assert.deepEqual([await look(), await look()], [1, 1]);
    const writer = new ProgramStore({ dir, clock: systemClock });
    await writer.setActive('spam', 1, { record: { id: 'a' } });
    assert.deepEqual([await look(), await look()], [2, 2]);
    await store.setAlias('spam', 'canary', 2, { record: { id: 'b' } });
    assert.deepEqual([await look(), await look()], [3, 3]);
    await writer.setRollout('spam', null);
    assert.deepEqual([await look(), await look()], [4, 4]);
    // A move that comes in the middle of a look.
    await writer.setActive('spam', 2, { record: { id: 'c' } });
    await looks.ifDue(async () => void (await writer.setActive('spam', 1, { record: { id: 'd' } })));
    assert.deepEqual([await look(), await look()], [5, 5]);
  });

  it('looks once in a while in any case, because somebody may move a pointer by hand', async () => {
    let now = systemClock.now();
    const looks = new PointerLooks(store, { ...systemClock, now: () => now });
    const seen: (number | null)[] = [];
    const look = (): Promise<void> => looks.ifDue(async () => void seen.push(await store.getActive('spam')));
    await look();
    await unlink(join(dir, 'artifacts/spam/active'));
    await symlink('v2', join(dir, 'artifacts/spam/active'));
    await look();
    now += POINTER_LOOK_MS;
    await look();
    assert.deepEqual(seen, [1, 2]);
  });

  it('tries again what failed', async () => {
    const looks = new PointerLooks(store, systemClock);
    await assert.rejects(looks.ifDue(() => Promise.reject(new Error('cannot be read'))));
    let looked = false;
    await looks.ifDue(async () => void (looked = true));
    assert.ok(looked);
  });
});
