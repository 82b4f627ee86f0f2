import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { describe, it } from 'node:test';
import { setWorkerPriority } from './priority.ts';

describe('setWorkerPriority', () => {
  it('lets others go before a process, and before the session that it is alone in', async () => {
    const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
    const pid = child.pid ?? 0;
    const ofGroup = `/proc/${pid}/autogroup`;
    try {
      assert.equal(setWorkerPriority(pid, 5), true);
      assert.equal(getPriority(pid), 5);
      if (existsSync(ofGroup)) assert.match(readFileSync(ofGroup, 'utf8'), /nice 5$/mu);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    assert.equal(setWorkerPriority(pid, 5), false, 'it is gone');
  });
});
