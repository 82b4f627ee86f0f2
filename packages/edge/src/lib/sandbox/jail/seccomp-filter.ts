import {
  ALLOWED_SYSCALLS,
  AUDIT_ARCHITECTURE,
  type FilterArchitecture,
  GUARDED_SYSCALLS,
  type GuardedSyscall,
  PYTHON_SYSCALLS,
  UNKNOWN_SYSCALLS,
} from './syscalls.ts';

// Classic BPF as in `linux/bpf_common.h` and `linux/seccomp.h`.
const LOAD_WORD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_AT_LEAST = 0x35;
const AND = 0x54;
const RETURN = 0x06;
const ALLOW = 0x7fff_0000;
const KILL_PROCESS = 0x8000_0000;
const refuse = (errno: number): number => 0x0005_0000 + errno;
const EPERM = 1;
const ENOSYS = 38;
/** Offsets in `struct seccomp_data`. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const argumentAt = (index: number): number => 16 + 8 * index;
/** Numbers of the x32 table of x64: the same calls by other numbers. */
const X32_BIT = 0x4000_0000;

interface Instruction {
  readonly code: number;
  readonly value: number;
  /** Instructions to leave out when the comparison holds, and when it does not. */
  readonly ifTrue?: number;
  readonly ifFalse?: number;
}

const give = (value: number): Instruction => ({ code: RETURN, value });
const load = (offset: number): Instruction => ({ code: LOAD_WORD, value: offset });

/**
 * The filter of system calls of a worker as a program of classic BPF, for `bwrap --seccomp`: an allow list. What is not on it is refused with
 * EPERM; a call by the numbers of another architecture ends the process. `guest`: what the worker is.
 */
export function seccompFilter(architecture: FilterArchitecture, guest: 'node' | 'python' = 'node'): Buffer {
  const { clone, ...others } = GUARDED_SYSCALLS;
  const guardedCalls = guest === 'python' || clone === undefined ? others : { clone, ...others };
  const allowed = guest === 'python' ? { ...ALLOWED_SYSCALLS, ...PYTHON_SYSCALLS } : ALLOWED_SYSCALLS;
  const column = architecture === 'x64' ? 0 : 1;
  const known = (numbers: readonly (number | null)[]): number[] => {
    const number = numbers[column];
    return typeof number === 'number' ? [number] : [];
  };
  const instructions: Instruction[] = [
    load(ARCHITECTURE),
    { code: JUMP_EQUAL, value: AUDIT_ARCHITECTURE[architecture], ifTrue: 1 },
    give(KILL_PROCESS),
    load(NUMBER),
    { code: JUMP_AT_LEAST, value: X32_BIT, ifFalse: 1 },
    give(KILL_PROCESS),
    ...Object.values(allowed)
      .flatMap(known)
      .flatMap((number) => decide(number, ALLOW)),
    ...Object.values(UNKNOWN_SYSCALLS)
      .flatMap(known)
      .flatMap((number) => decide(number, refuse(ENOSYS))),
    ...Object.values(guardedCalls).flatMap((guarded) => known(guarded.numbers).flatMap((number) => guard(number, guarded))),
    give(refuse(EPERM)),
  ];
  return encode(instructions);
}

/** `action` for one number; any other goes on behind. */
function decide(number: number, action: number): Instruction[] {
  return [{ code: JUMP_EQUAL, value: number, ifFalse: 1 }, give(action)];
}

/** Allows one number with some arguments and refuses it with all others; any other number goes on behind. */
function guard(number: number, { argument, test, values }: GuardedSyscall): Instruction[] {
  const low = argumentAt(argument);
  const body: Instruction[] = [];
  if (test === 'equals') {
    // The upper half first. Kernel and C library may leave it dirty for arguments of 32 bits only where the lower half decides: those are refused.
    body.push(load(low + 4), { code: JUMP_EQUAL, value: 0, ifTrue: 1 }, give(refuse(EPERM)));
  }
  for (const value of values) {
    body.push(load(low));
    if (test === 'has') body.push({ code: AND, value });
    body.push({ code: JUMP_EQUAL, value, ifFalse: 1 }, give(ALLOW));
  }
  body.push(give(refuse(EPERM)));
  return [{ code: JUMP_EQUAL, value: number, ifFalse: body.length }, ...body];
}

/** `struct sock_filter`, eight bytes each; both architectures are little-endian. */
function encode(instructions: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(instructions.length * 8);
  instructions.forEach(({ code, value, ifTrue = 0, ifFalse = 0 }, index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(value, index * 8 + 4);
  });
  return bytes;
}
