import { type ChildProcess, spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { killGroup } from './kill-group.ts';
import { PlatformError } from '@loopwright/protocol';
import { noProcessesFilter } from './no-processes-filter.ts';

/** What programs of Python run behind: an empty file system with Python in it, no network, one process, no rights. */
export interface PythonWall {
  /**
   * Starts Python inside. Standard input and output are pipes, errors are dropped, and the fourth pipe is where bubblewrap tells the number of the process
   * inside. Whoever starts it kills it; everything inside ends with it.
   */
  readonly start: (args: readonly string[]) => ChildProcess;
}

const BWRAP = ['/usr/bin/bwrap', '/usr/local/bin/bwrap'];
const PYTHON = ['/usr/bin/python3', '/usr/local/bin/python3'];
/** Bytes that a program can write to each of its two folders, which are memory. */
const FOLDER_BYTES = 16 * 1024 * 1024;
/** Tells by its exit code whether what the runner needs is there, and whether a second process is refused. It forks once, at the most. */
const PROBE = `import json, os, resource, sys
try:
    child = os.fork()
except PermissionError:
    sys.exit(0)
if child == 0:
    os._exit(0)
sys.exit(7)`;
const PROBE_LIMIT_MS = 60_000;

/** Looks for bubblewrap and Python and tries them together; gives the wall, or the reason why there is none. */
export async function findPythonWall(): Promise<PythonWall | { readonly missing: string }> {
  if (process.platform !== 'linux')
    return { missing: `the wall is bubblewrap, which there is on Linux only, not on ${process.platform}` };
  const filter = noProcessesFilter(process.arch);
  if (filter === undefined) return { missing: `the numbers of the system calls of ${process.arch} are not known` };
  const [bwrap, python] = await Promise.all([firstExecutable(BWRAP), firstExecutable(PYTHON)]);
  if (python === undefined) return { missing: `there is no ${PYTHON.join(' and no ')}` };
  if (bwrap === undefined) return { missing: 'bubblewrap is not installed (Debian: apt-get install bubblewrap)' };
  const wall: PythonWall = {
    start: (args) => {
      const all = ['--info-fd', '3', '--seccomp', '4', ...WALL, python, ...args];
      const child = spawn(bwrap, all, { stdio: ['pipe', 'pipe', 'ignore', 'pipe', 'pipe'], env: {}, detached: true });
      // Killed while it begins, it would leave behind what waits for it.
      child.once('exit', () => killGroup(child));
      const filterPipe = child.stdio[4] as Writable;
      filterPipe.on('error', () => undefined);
      filterPipe.end(filter);
      return child;
    },
  };
  const code = await exitCode(wall.start(['-I', '-S', '-c', PROBE]));
  if (code === 0) return wall;
  return {
    missing: code === 7 ? 'the wall lets a second process begin' : 'bubblewrap does not work here (it needs user name spaces)',
  };
}

/**
 * The wall.
 *
 * @throws PlatformError LANGUAGE_UNAVAILABLE with the reason why there is none
 */
export async function openPythonWall(): Promise<PythonWall> {
  const wall = await findPythonWall();
  if (!('missing' in wall)) return wall;
  const message = `Cannot run a program of Python: ${wall.missing}`;
  throw new PlatformError('LANGUAGE_UNAVAILABLE', message, { details: { language: 'python' } });
}

const WALL: readonly string[] = [
  '--unshare-all --die-with-parent --new-session --as-pid-1 --clearenv --cap-drop ALL --uid 65534 --gid 65534 --hostname wall',
  '--ro-bind /usr/bin /usr/bin --ro-bind /usr/lib /usr/lib --ro-bind-try /usr/lib64 /usr/lib64',
  '--ro-bind-try /usr/local/bin /usr/local/bin --ro-bind-try /usr/local/lib /usr/local/lib',
  '--symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64',
  `--size ${FOLDER_BYTES} --tmpfs /work --size ${FOLDER_BYTES} --tmpfs /tmp --dev /dev --remount-ro /dev --remount-ro /`,
  '--chdir /work --setenv LANG C.UTF-8 --setenv HOME /work',
].flatMap((line) => line.split(' '));

async function exitCode(child: ChildProcess): Promise<number | null> {
  const { promise, resolve } = Promise.withResolvers<number | null>();
  child.on('close', (code) => resolve(code));
  child.on('error', () => resolve(null));
  child.stdin?.on('error', () => undefined);
  child.stdin?.end();
  child.stdout?.resume();
  (child.stdio[3] as NodeJS.ReadableStream).resume();
  const timer = AbortSignal.timeout(PROBE_LIMIT_MS);
  const kill = (): void => void child.kill('SIGKILL');
  timer.addEventListener('abort', kill, { once: true });
  try {
    return await promise;
  } finally {
    timer.removeEventListener('abort', kill);
  }
}

async function firstExecutable(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}
