/** Architectures that the filter knows. */
export type FilterArchitecture = 'x64' | 'arm64';

/** `AUDIT_ARCH_…` of `linux/audit.h`: the kernel tells the filter by this for which table a number is meant. */
export const AUDIT_ARCHITECTURE: Readonly<Record<FilterArchitecture, number>> = { x64: 0xc000_003e, arm64: 0xc000_00b7 };

/**
 * The system calls that a worker may make, with their numbers on x64 and arm64; `null`: not there. Found by following Node and isolated-vm
 * from their start to their end with strace. Numbers from the kernel's `arch/x86/entry/syscalls/syscall_64.tbl` and
 * `include/uapi/asm-generic/unistd.h`, which never change; a test compares them with the headers of the machine.
 *
 * Not there on purpose: whatever makes a socket, a process, a name space or a file without a name (`memfd_create`: code could be run from
 * it), whatever reaches another process (`kill`, `ptrace`, `process_vm_readv`, `pidfd_…`), `io_uring_…`, `bpf`, `keyctl`, `userfaultfd`,
 * `perf_event_open`, mounts, modules, limits and priorities. The most frequent ones come first: the filter is read from the top.
 */
// prettier-ignore
export const ALLOWED_SYSCALLS: Readonly<Record<string, readonly [x64: number | null, arm64: number | null]>> = {
  read: [0, 63],
  write: [1, 64],
  futex: [202, 98],
  madvise: [28, 233],
  mmap: [9, 222],
  munmap: [11, 215],
  mprotect: [10, 226],
  epoll_pwait: [281, 22],
  clock_nanosleep: [230, 115],
  sched_yield: [24, 124],
  readv: [19, 65],
  writev: [20, 66],
  pread64: [17, 67],
  pwrite64: [18, 68],
  lseek: [8, 62],
  close: [3, 57],
  close_range: [436, 436],
  dup: [32, 23],
  dup3: [292, 24],
  pipe2: [293, 59],
  eventfd2: [290, 19],
  epoll_create1: [291, 20],
  epoll_ctl: [233, 21],
  ppoll: [271, 73],
  poll: [7, null],
  epoll_wait: [232, null],
  openat: [257, 56],
  newfstatat: [262, 79],
  fstat: [5, 80],
  statx: [332, 291],
  access: [21, null],
  faccessat: [269, 48],
  faccessat2: [439, 439],
  readlink: [89, null],
  readlinkat: [267, 78],
  getcwd: [79, 17],
  getdents64: [217, 61],
  statfs: [137, 43],
  fstatfs: [138, 44],
  brk: [12, 214],
  mremap: [25, 216],
  membarrier: [324, 283],
  rt_sigaction: [13, 134],
  rt_sigprocmask: [14, 135],
  rt_sigreturn: [15, 139],
  sigaltstack: [131, 132],
  restart_syscall: [219, 128],
  set_tid_address: [218, 96],
  set_robust_list: [273, 99],
  rseq: [334, 293],
  gettid: [186, 178],
  getpid: [39, 172],
  getppid: [110, 173],
  exit: [60, 93],
  exit_group: [231, 94],
  execve: [59, 221],
  getuid: [102, 174],
  geteuid: [107, 175],
  getgid: [104, 176],
  getegid: [108, 177],
  capget: [125, 90],
  uname: [63, 160],
  sysinfo: [99, 179],
  getrandom: [318, 278],
  getrusage: [98, 165],
  clock_gettime: [228, 113],
  clock_getres: [229, 114],
  gettimeofday: [96, 169],
  nanosleep: [35, 101],
  sched_getaffinity: [204, 123],
  sched_getscheduler: [145, 120],
  sched_getparam: [143, 121],
  getsockname: [51, 204],
  getsockopt: [55, 209],
  arch_prctl: [158, null],
};

/** A system call that may be made with some values of one argument only. */
export interface GuardedSyscall {
  readonly numbers: readonly [x64: number | null, arm64: number | null];
  /** Which argument is looked at, from 0. */
  readonly argument: number;
  /** `equals`: the argument is one of the values. `has`: it has all bits of one of them. */
  readonly test: 'equals' | 'has';
  readonly values: readonly number[];
}

/** System calls that a worker needs, and that could do harm with other arguments. */
export const GUARDED_SYSCALLS: Readonly<Record<string, GuardedSyscall>> = {
  // Threads only (CLONE_THREAD): no process.
  clone: { numbers: [56, 220], argument: 0, test: 'has', values: [0x1_0000] },
  // F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC: no signals to others (F_SETOWN), no leases.
  fcntl: { numbers: [72, 25], argument: 1, test: 'equals', values: [0, 1, 2, 3, 4, 1030] },
  // TCGETS, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX: nothing is typed into a terminal (TIOCSTI).
  ioctl: { numbers: [16, 29], argument: 1, test: 'equals', values: [0x5401, 0x541b, 0x5421, 0x5450, 0x5451] },
  // PR_SET_NAME, PR_GET_NAME, PR_SET_VMA: names of threads and of memory.
  prctl: { numbers: [157, 167], argument: 0, test: 'equals', values: [15, 16, 0x5356_4d41] },
  // Reads limits (no new ones), of this process.
  prlimit64: { numbers: [302, 261], argument: 2, test: 'equals', values: [0] },
};

/**
 * What CPython needs besides {@link ALLOWED_SYSCALLS}: the timer of its soft limit. It gets no `clone` in return: a thread would go on after the call that
 * started it.
 */
export const PYTHON_SYSCALLS: typeof ALLOWED_SYSCALLS = { setitimer: [38, 103] };

/** Answered as if the kernel did not know it (ENOSYS), so that the C library falls back to `clone`, whose flags can be looked at. */
export const UNKNOWN_SYSCALLS: Readonly<Record<string, readonly [x64: number, arm64: number]>> = { clone3: [435, 435] };
