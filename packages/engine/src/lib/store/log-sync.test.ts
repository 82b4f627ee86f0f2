import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { LogSync } from './log-sync.ts';

/** Adds a transaction and gives what becomes of it. */
function added(sync: LogSync, callers: number, order: number[] = []): Promise<'acknowledged' | 'refused'> {
  return new Promise((resolve) => {
    const acknowledge = (): void => {
      order.push(callers);
      resolve('acknowledged');
    };
    sync.add({ callers, acknowledge, refuse: () => resolve('refused') });
  });
}

describe('LogSync', () => {
  it('acknowledges in the order of the commits, large groups and small ones', async () => {
    const log = join(mkdtempSync(join(tmpdir(), 'loopwright-log-')), 'log');
    writeFileSync(log, 'x');
    await using sync = new LogSync(log);
    const order: number[] = [];
    await Promise.all([100, 1, 50, 2].map((callers) => added(sync, callers, order)));
    assert.deepEqual(order, [100, 1, 50, 2]);
  });

  it('waits for what is under way before it ends', async () => {
    const log = join(mkdtempSync(join(tmpdir(), 'loopwright-log-')), 'log');
    writeFileSync(log, 'x');
    const sync = new LogSync(log);
    const order: number[] = [];
    void added(sync, 100, order);
    void added(sync, 200, order);
    await sync[Symbol.asyncDispose]();
    assert.deepEqual(order, [100, 200]);
  });

  it('acknowledges nothing once the log could not be brought to the disk', async () => {
    const log = join(mkdtempSync(join(tmpdir(), 'loopwright-log-')), 'log');
    await using sync = new LogSync(log);
    assert.equal(await added(sync, 1), 'refused');
    writeFileSync(log, 'x');
    assert.equal(await added(sync, 1), 'refused');
    assert.equal(sync.failure?.code, 'STORE_FAILED');
  });
});
