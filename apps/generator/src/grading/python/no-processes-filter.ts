// A filter of system calls (seccomp, classic BPF) that refuses what a program of one process never needs: other processes and threads, other name spaces,
// looking into other processes, and the newer doors into the kernel. Numbers: `asm/unistd_64.h` (x64) and `asm-generic/unistd.h` (arm64) of Linux.

interface Architecture {
  /** `AUDIT_ARCH_…` of `linux/audit.h`. */
  readonly audit: number;
  readonly refused: readonly number[];
}

/** These have the same number everywhere: io_uring_setup, io_uring_enter, io_uring_register, clone3, pidfd_getfd, and the new calls that mount. */
const EVERYWHERE = [425, 426, 427, 435, 438, 428, 429, 430, 431, 432, 442];

const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  x64: {
    audit: 0xc000003e,
    // clone, fork, vfork, ptrace, mount, umount2, pivot_root, unshare, setns, process_vm_readv/writev, add_key, request_key, keyctl, bpf, perf_event_open, userfaultfd
    refused: [56, 57, 58, 101, 165, 166, 155, 272, 308, 310, 311, 248, 249, 250, 321, 298, 323, ...EVERYWHERE],
  },
  arm64: {
    audit: 0xc00000b7,
    // clone, ptrace, mount, umount2, pivot_root, unshare, setns, process_vm_readv/writev, add_key, request_key, keyctl, bpf, perf_event_open, userfaultfd
    refused: [220, 117, 40, 39, 41, 97, 268, 270, 271, 217, 218, 219, 280, 241, 282, ...EVERYWHERE],
  },
};

const LOAD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_NOT_LESS = 0x35;
const RETURN = 0x06;
const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
/** The call gives EPERM. */
const REFUSE = 0x00050001;
/** Above this stand the calls of the x32 interface, which have numbers of their own. */
const X32 = 0x40000000;

/** The filter as bytes for `bwrap --seccomp`; nothing for a processor whose numbers are not known here. */
export function noProcessesFilter(processor: string): Buffer | undefined {
  const architecture = ARCHITECTURES[processor];
  if (architecture === undefined) return undefined;
  const { audit, refused } = architecture;
  const count = refused.length;
  const lines: [code: number, ifTrue: number, ifFalse: number, value: number][] = [
    [LOAD, 0, 0, 4],
    [JUMP_EQUAL, 1, 0, audit],
    [RETURN, 0, 0, KILL],
    [LOAD, 0, 0, 0],
    [JUMP_NOT_LESS, count + 1, 0, X32],
    ...refused.map((number, index): [number, number, number, number] => [JUMP_EQUAL, count - index, 0, number]),
    [RETURN, 0, 0, ALLOW],
    [RETURN, 0, 0, REFUSE],
  ];
  const bytes = Buffer.alloc(lines.length * 8);
  for (const [index, [code, ifTrue, ifFalse, value]] of lines.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(value, index * 8 + 4);
  }
  return bytes;
}
