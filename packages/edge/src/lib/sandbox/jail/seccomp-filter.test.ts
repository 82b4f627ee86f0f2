import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { seccompFilter } from './seccomp-filter.ts';
import { ALLOWED_SYSCALLS, type FilterArchitecture, GUARDED_SYSCALLS, PYTHON_SYSCALLS, UNKNOWN_SYSCALLS } from './syscalls.ts';

const AUDIT = { x64: 0xc000003e, arm64: 0xc00000b7 };
const HEADERS = { x64: '/usr/include/x86_64-linux-gnu/asm/unistd_64.h', arm64: '/usr/include/asm-generic/unistd.h' };

/** What the kernel would do: it runs the filter on `struct seccomp_data`. */
function decide(filter: Buffer, call: { number: number; arch: number; args?: readonly bigint[] }): string {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.number, 0);
  data.writeUInt32LE(call.arch, 4);
  (call.args ?? []).forEach((value, index) => data.writeBigUInt64LE(value, 16 + 8 * index));
  let register = 0;
  for (let at = 0; at < filter.length / 8; at += 1) {
    const [code, ifTrue, ifFalse] = [filter.readUInt16LE(at * 8), filter.readUInt8(at * 8 + 2), filter.readUInt8(at * 8 + 3)];
    const value = filter.readUInt32LE(at * 8 + 4);
    if (code === 0x20) register = data.readUInt32LE(value);
    else if (code === 0x54) register = (register & value) >>> 0;
    else if (code === 0x15) at += register === value ? ifTrue : ifFalse;
    else if (code === 0x35) at += register >= value ? ifTrue : ifFalse;
    else if (code === 0x06) return value === 0x7fff0000 ? 'allow' : value === 0x80000000 ? 'kill' : `errno ${value - 0x50000}`;
    else throw new Error(`an unknown instruction ${code}`);
  }
  throw new Error('the filter has no end');
}

const ask = (arch: FilterArchitecture, number: number, ...args: bigint[]): string =>
  decide(seccompFilter(arch), { number, arch: AUDIT[arch], args });

/** Numbers of a header of the kernel by name. */
function numbersOf(file: string): Map<string, number> {
  const found = readFileSync(file, 'utf8').matchAll(/^#define __NR(?:3264)?_(\w+)\s+(\d+)/gmu);
  const numbers = new Map([...found].map(([, name = '', number = '']) => [name, Number(number)]));
  // The generic table has it by the name of the other table of its family.
  if (!numbers.has('newfstatat')) numbers.set('newfstatat', numbers.get('fstatat') ?? -1);
  return numbers;
}

describe('seccompFilter', () => {
  it('allows what Node needs', () => {
    assert.deepEqual([ask('x64', 0), ask('x64', 1), ask('x64', 202), ask('x64', 9)], ['allow', 'allow', 'allow', 'allow']);
    assert.deepEqual([ask('arm64', 63), ask('arm64', 64), ask('arm64', 98)], ['allow', 'allow', 'allow']);
  });

  it('refuses sockets, processes, other processes, name spaces and the rest of the kernel', () => {
    const refused = {
      socket: [41, 198],
      connect: [42, 203],
      bind: [49, 200],
      listen: [50, 201],
      sendmsg: [46, 211],
      socketpair: [53, 199],
      fork: [57],
      vfork: [58],
      execveat: [322, 281],
      kill: [62, 129],
      tgkill: [234, 131],
      tkill: [200, 130],
      ptrace: [101, 117],
      process_vm_readv: [310, 270],
      process_vm_writev: [311, 271],
      pidfd_open: [434, 434],
      pidfd_getfd: [438, 438],
      kcmp: [312, 272],
      unshare: [272, 97],
      setns: [308, 268],
      mount: [165, 40],
      umount2: [166, 39],
      pivot_root: [155, 41],
      chroot: [161, 51],
      memfd_create: [319, 279],
      userfaultfd: [323, 282],
      bpf: [321, 280],
      perf_event_open: [298, 241],
      keyctl: [250, 219],
      add_key: [248, 217],
      io_uring_setup: [425, 425],
      io_uring_enter: [426, 426],
      io_uring_register: [427, 427],
      seccomp: [317, 277],
      setuid: [105, 146],
      capset: [126, 91],
      setrlimit: [160, 164],
      init_module: [175, 105],
      finit_module: [313, 273],
      kexec_load: [246, 104],
      reboot: [169, 142],
      open_by_handle_at: [304, 265],
      mknodat: [259, 33],
      symlinkat: [266, 36],
      linkat: [265, 37],
      unlinkat: [263, 35],
      renameat2: [316, 276],
      mkdirat: [258, 34],
      fchmodat: [268, 53],
      fchownat: [260, 54],
      setpriority: [141, 140],
      sched_setaffinity: [203, 122],
      personality: [135, 92],
    };
    for (const [name, [x64 = -1, arm64]] of Object.entries(refused)) {
      assert.equal(ask('x64', x64), 'errno 1', name);
      if (arm64 !== undefined) assert.equal(ask('arm64', arm64), 'errno 1', name);
    }
  });

  it('looks at arguments: threads and no processes, no typing into terminals, no new limits', () => {
    const thread = 0x3d0f00n;
    assert.deepEqual([ask('x64', 56, thread), ask('arm64', 220, thread)], ['allow', 'allow']);
    assert.deepEqual(
      [ask('x64', 56, 0x1200011n), ask('x64', 56, 17n), ask('x64', 56, 0x10000000n)],
      ['errno 1', 'errno 1', 'errno 1'],
    );
    assert.deepEqual([ask('x64', 435), ask('arm64', 435)], ['errno 38', 'errno 38']);
    assert.deepEqual(
      [ask('x64', 16, 0n, 0x5421n), ask('x64', 16, 0n, 0x5412n), ask('x64', 16, 0n, 0x1_0000_5421n)],
      ['allow', 'errno 1', 'errno 1'],
    );
    assert.deepEqual([ask('x64', 72, 0n, 3n), ask('x64', 72, 0n, 8n)], ['allow', 'errno 1']);
    assert.deepEqual(
      [ask('x64', 302, 0n, 7n, 0n), ask('x64', 302, 0n, 7n, 0x1_0000_0000n), ask('x64', 302, 0n, 7n, 0x7fffn)],
      ['allow', 'errno 1', 'errno 1'],
    );
    assert.deepEqual([ask('x64', 157, 15n), ask('x64', 157, 4n), ask('x64', 157, 22n)], ['allow', 'errno 1', 'errno 1']);
  });

  it('gives Python a timer and takes threads away, both from Python only', () => {
    const timers = { x64: 38, arm64: 103 };
    const clones = { x64: 56, arm64: 220 };
    for (const arch of ['x64', 'arm64'] as const) {
      const python = (number: number, ...args: bigint[]): string =>
        decide(seccompFilter(arch, 'python'), { number, arch: AUDIT[arch], args });
      assert.deepEqual([ask(arch, timers[arch]), python(timers[arch])], ['errno 1', 'allow']);
      assert.deepEqual([ask(arch, clones[arch], 0x3d0f00n), python(clones[arch], 0x3d0f00n)], ['allow', 'errno 1']);
    }
  });

  it('ends a process that calls by the numbers of another architecture', () => {
    assert.equal(decide(seccompFilter('x64'), { number: 3, arch: 0x40000003 }), 'kill');
    assert.equal(decide(seccompFilter('x64'), { number: 0, arch: AUDIT.arm64 }), 'kill');
    assert.equal(ask('x64', 0x40000000), 'kill');
  });

  it('has the numbers of the kernel', (test) => {
    const found = (['x64', 'arm64'] as const).filter((arch) => existsSync(HEADERS[arch]));
    if (found.length === 0) {
      test.skip('the headers of the kernel are not installed (Debian: linux-libc-dev)');
      return;
    }
    const guarded = Object.entries(GUARDED_SYSCALLS).map(([name, { numbers }]) => [name, numbers] as const);
    for (const arch of found) {
      const real = numbersOf(HEADERS[arch]);
      for (const [name, numbers] of [
        ...Object.entries({ ...ALLOWED_SYSCALLS, ...PYTHON_SYSCALLS }),
        ...guarded,
        ...Object.entries(UNKNOWN_SYSCALLS),
      ]) {
        assert.equal(numbers[arch === 'x64' ? 0 : 1], real.get(name) ?? null, `${name} on ${arch}`);
      }
    }
  });
});
