import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, describe, it } from 'node:test';
import { WorkerCgroups } from './worker-cgroups.ts';

const LIMITS = { memoryBytes: 150 * 1024 * 1024, threads: 100 };
const dir = mkdtempSync(join(tmpdir(), 'loopwright-cgroups-'));
after(() => rmSync(dir, { recursive: true }));

function places(self: string): { root: string; self: string } {
  const file = join(dir, 'self');
  writeFileSync(file, self);
  return { root: join(dir, 'root'), self: file };
}

function reasonOf(where: { root: string; self: string }): string {
  const opened = WorkerCgroups.open(where);
  assert.ok(typeof opened === 'string');
  return opened;
}

describe('WorkerCgroups', () => {
  it('lets the kernel kill what takes more than its limit, outside of the heap too', async (test) => {
    const groups = WorkerCgroups.open();
    if (typeof groups === 'string') {
      test.skip(groups);
      return;
    }
    const bomb = "process.stdin.once('data', () => { const all = []; for (;;) all.push(Buffer.alloc(8e6, 1)); });";
    const child = spawn(process.execPath, ['-e', bomb], { stdio: ['pipe', 'ignore', 'ignore'] });
    const ended = once(child, 'exit');
    const group = groups.confine(child.pid ?? 0, LIMITS);
    assert.ok(group !== undefined);
    assert.equal(group.wasKilled(), false);
    child.stdin.write('go');
    assert.deepEqual(await ended, [null, 'SIGKILL']);
    assert.equal(group.wasKilled(), true);
    group.remove();
    assert.equal(groups.confine(child.pid ?? 0, LIMITS), undefined);
  });

  it('starts no process above its limit', async (test) => {
    const groups = WorkerCgroups.open();
    if (typeof groups === 'string' || !groups.limitsThreads) {
      test.skip(typeof groups === 'string' ? groups : 'no group can be made for threads');
      return;
    }
    const starter = `process.stdin.once('data', () => {
      const { error } = require('node:child_process').spawnSync(process.execPath, ['--version']);
      process.stdout.write(error?.code ?? 'started');
      process.exit();
    });
    process.stdout.write(' ');`;
    const child = spawn(process.execPath, ['-e', starter], { stdio: ['pipe', 'pipe', 'ignore'] });
    // With all the threads that it needs itself: more than one.
    await once(child.stdout, 'readable');
    const group = groups.confine(child.pid ?? 0, { ...LIMITS, threads: 1 });
    child.stdin.write('go');
    const [output] = await Promise.all([text(child.stdout), once(child, 'close')]);
    group?.remove();
    assert.equal(output.trim(), 'EAGAIN');
  });

  it('says why there are none', () => {
    assert.match(reasonOf({ root: '/nonexistent', self: '/nonexistent' }), /no control groups/u);
    // Version 2, where the group of this process hands nothing on.
    mkdirSync(join(dir, 'root/here'), { recursive: true });
    writeFileSync(join(dir, 'root/here/cgroup.subtree_control'), 'cpu pids\n');
    assert.match(reasonOf(places('0::/here\n')), /no control groups/u);
    assert.match(reasonOf(places('4:memory:/gone\n0::/\n')), /no group can be made in .*memory\/gone/u);
  });

  it('finds the group of this process in version 2 where it hands memory on', () => {
    mkdirSync(join(dir, 'root/there'), { recursive: true });
    writeFileSync(join(dir, 'root/there/cgroup.subtree_control'), 'cpu memory pids\n');
    assert.ok(WorkerCgroups.open(places('0::/there\n')) instanceof WorkerCgroups);
  });
});
