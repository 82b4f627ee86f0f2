import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { ModuleSpec } from '../module-spec.ts';
import { moduleView } from '../module-view.ts';
import { supervise, type Supervised, until } from '../supervisor-fixture.ts';
import { Cgroups } from './cgroups.ts';

// A folder stands for the file system of the kernel: what is written where, and the choice, are real; that the kernel keeps it is not shown.
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'loopwright-cgroup-'));
  group('', { controllers: 'cpuset cpu io memory pids', subtree: 'cpu memory pids' });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function group(path: string, { controllers, subtree }: { controllers: string; subtree: string }): void {
  mkdirSync(join(root, path), { recursive: true });
  writeFileSync(join(root, path, 'cgroup.controllers'), `${controllers}\n`);
  writeFileSync(join(root, path, 'cgroup.subtree_control'), `${subtree}\n`);
}

const LIMITS = { memoryMb: 300, processes: 2, cpus: 0.5 };
const begun = (limits: ModuleSpec['limits'], own = '0::/\n'): Supervised =>
  supervise('', {}, { limits: limits ?? {} }, { cgroups: { root, own } });
const shown = ({ supervisor }: Supervised) => {
  const [module] = supervisor.modules;
  assert.ok(module !== undefined);
  return moduleView(module);
};
/** The folders of groups of modules. */
const groups = (path = ''): string[] =>
  readdirSync(join(root, path)).filter((name) => name.startsWith('loopwright-') && !name.endsWith('-server'));
const read = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8').trim();

describe('limits of a module where there are control groups', () => {
  it('stand in a group in which its process is before its program runs', async () => {
    await using run = begun(LIMITS);
    await run.running();
    const [own = ''] = groups();
    assert.match(own, new RegExp(`^loopwright-${process.pid}-child-1$`));
    assert.deepEqual(
      ['memory.max', 'memory.swap.max', 'memory.oom.group', 'cpu.max', 'pids.max', 'cgroup.procs'].map((file) => read(own, file)),
      [String(300 * 1024 * 1024), '0', '1', '50000 100000', '128', String(run.state().pid)],
    );
    writeFileSync(join(root, own, 'memory.current'), String(64 * 1024 * 1024));
    assert.deepEqual(
      [shown(run).limits, shown(run).usage],
      [
        { memory_mb: 300, processes: 2, cpus: 0.5, kept_by: 'cgroup', reason: null },
        { memory_mb: 64, processes: 1 },
      ],
    );
    // What the kernel ends for its memory is told so, and its group is ended with all that is in it.
    writeFileSync(join(root, own, 'memory.events'), 'low 0\nmax 3\noom 1\noom_kill 1\n');
    process.kill(Number(run.state().pid), 'SIGKILL');
    await until('the end', () => run.state().last_exit !== null);
    assert.equal(run.state().last_exit?.reason, 'it needed more than the 300 MiB of memory that it may have');
    assert.equal(read(own, 'cgroup.kill'), '1');
    await until('the next run', () => groups().includes(`loopwright-${process.pid}-child-2`));
  });

  it('are asked for only where there are limits, and processes are counted still', async () => {
    await using none = begun({});
    await none.running();
    assert.deepEqual([groups(), shown(none).limits.kept_by], [[], null]);
    await using two = begun({ processes: 1 });
    await two.running();
    assert.ok(!existsSync(join(root, groups()[0] ?? '', 'memory.max')));
    await two.ask('/child', { method: 'POST' }).catch(() => undefined);
    await until('the end', () => two.state().last_exit?.reason === 'it had 2 processes, and may have 1');
  });

  it('are handed on below the group of the server, which goes into one of its own for that', async () => {
    group('system/own', { controllers: 'cpu memory pids', subtree: '' });
    await using run = begun({ memoryMb: 300 }, '1:name=systemd:/x\n0::/system/own\n');
    await run.running();
    assert.equal(read('system/own/cgroup.subtree_control'), '+memory +cpu +pids');
    assert.equal(read(`system/own/loopwright-${process.pid}-server/cgroup.procs`), String(process.pid));
    assert.equal(groups('system/own').length, 1);
  });
});

describe('limits of a module where there are none', () => {
  it('are watched in /proc, and the state says why', async () => {
    const without: [own: string, reason: string][] = [
      ['4:memory:/a\n', `there is no control group of version 2 at ${root}`],
      ['0::/little\n', 'the control group /little has no cpu, pids'],
    ];
    group('little', { controllers: 'memory', subtree: '' });
    for (const [own, reason] of without) {
      await using run = begun({ memoryMb: 300, cpus: 1 }, own);
      await run.running();
      assert.deepEqual(shown(run).limits, { memory_mb: 300, processes: null, cpus: 1, kept_by: 'proc', reason });
      assert.ok(run.logs.some(({ text }) => text === `its limit of processors is not kept: ${reason}`));
      assert.equal(groups().length, 0);
    }
  });

  it('are tried for no more when a group could not be made', () => {
    const cgroups = new Cgroups({ root, own: '0::/\n' });
    assert.ok(cgroups.begin('a', { memoryMb: 1 }) !== undefined);
    rmSync(root, { recursive: true });
    assert.deepEqual([cgroups.begin('b', { memoryMb: 1 }), cgroups.begin('c', {})], [undefined, undefined]);
    assert.match(String(cgroups.reason), /ENOENT/);
  });
});
