import { type IOType, type StdioOptions, spawn } from 'node:child_process';
import { accessSync, constants, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { inheritedDescriptors } from './inherited-descriptors.ts';
import type { JailedProcess, WorkerCommandLine } from './jail.ts';
import { seccompFilter } from './seccomp-filter.ts';
import type { FilterArchitecture } from './syscalls.ts';

/** The user and the group that own nothing: `nobody` and `nogroup` of every distribution. */
const NOBODY = 65_534;

/**
 * Limits of the process, set before bubblewrap starts: no core file (it would hold inputs), few descriptors, no byte into a file. Memory is
 * not among them: V8 reserves far more than it uses.
 */
const SHELL = 'ulimit -c 0; ulimit -n 64; ulimit -f 0;';

/** What bubblewrap says of the process that it has started is shorter. */
const INFO_LIMIT_CHARS = 2000;

/** How long it may be under way behind the end of bubblewrap, in milliseconds. */
const INFO_LIMIT_MS = 1000;

/** What is run inside, and what it needs. */
export interface JailGuest {
  readonly kind: 'node' | 'python';
  /** Files and folders that it sees, at the paths where they are outside. */
  readonly visible: readonly string[];
  /** Limit of the address space in KB; bubblewrap itself needs a few MB of it for a moment. Left out: none. */
  readonly addressSpaceKb?: number;
}

/** As whom bubblewrap is started: `nobody` needs a process of root and files that everybody may read. */
export type JailUser = 'nobody' | 'self';

/** Where bubblewrap is; `undefined` where it is not installed. Only absolute folders of `path` count: no program of the working directory. */
export function findBubblewrap(path: string): string | undefined {
  for (const folder of path.split(delimiter).filter(isAbsolute)) {
    const file = join(folder, 'bwrap');
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // The next folder.
    }
  }
  return undefined;
}

/** The libraries that Node itself has loaded, the loader of programs among them: a worker of Node is the same Node. */
export function sharedLibraries(): string[] {
  // Else it looks up the names of all open connections. The types of Node do not know it yet.
  const report: typeof process.report & { excludeNetwork?: boolean } = process.report;
  const before = report.excludeNetwork ?? false;
  report.excludeNetwork = true;
  const { sharedObjects } = report.getReport() as { sharedObjects?: unknown };
  report.excludeNetwork = before;
  return Array.isArray(sharedObjects)
    ? sharedObjects.filter((file): file is string => typeof file === 'string' && isAbsolute(file))
    : [];
}

/** Node, its libraries, the modules of the worker. Nothing of it is secret. */
export function nodeGuest(): JailGuest {
  const require = createRequire(import.meta.url);
  const isolatedVm = require.resolve('isolated-vm');
  const gypBuild = createRequire(isolatedVm).resolve('node-gyp-build');
  const sandboxFolder = dirname(import.meta.dirname);
  // Says that the modules are ES modules.
  const manifest = join(sandboxFolder, '../../../package.json');
  const modules = [sandboxFolder, manifest, dirname(isolatedVm), dirname(gypBuild)];
  return { kind: 'node', visible: [process.execPath, ...sharedLibraries(), ...modules] };
}

/** Whether there are numbers of system calls for this machine. */
export function filterArchitecture(): FilterArchitecture | undefined {
  const { arch } = process;
  return arch === 'x64' || arch === 'arm64' ? arch : undefined;
}

/**
 * Makes what starts workers inside bubblewrap: name spaces of its own for everything, an empty read-only root with what the guest sees, neither
 * `/proc` nor `/dev`, no environment, no rights, the allow list of system calls. The worker is process 1 of its name
 * space and dies with the process that is started here, and with this one.
 */
export function bubblewrapStarter(
  bwrap: string,
  { architecture, user, guest }: { architecture: FilterArchitecture; user: JailUser; guest: JailGuest },
): (worker: WorkerCommandLine) => JailedProcess {
  const filter = seccompFilter(architecture, guest.kind);
  const own = `--unshare-all --unshare-user --uid ${NOBODY} --gid ${NOBODY} --hostname jail --cap-drop ALL --die-with-parent --as-pid-1`;
  const given = '--clearenv --setenv TZ UTC --seccomp 3 --info-fd 4';
  const visible = guest.visible.flatMap((file) => ['--ro-bind', file, file]);
  const walls = [...`${own} ${given}`.split(' '), ...visible, '--remount-ro', '/', '--chdir', '/'];
  const memory = guest.addressSpaceKb === undefined ? '' : `ulimit -v ${guest.addressSpaceKb};`;
  const shell = `${SHELL} ${memory} exec "$0" "$@"`;
  const stdio = standardStreams();
  const identity = user === 'nobody' ? { uid: NOBODY, gid: NOBODY } : {};
  return ({ command, args }) => {
    const child = spawn('/bin/sh', ['-c', shell, bwrap, ...walls, '--', command, ...args], {
      stdio,
      cwd: '/',
      env: {},
      ...identity,
    });
    const [, , , filterPipe, infoPipe] = child.stdio;
    // Where bubblewrap could not start, nobody reads; the end of the child says so.
    filterPipe?.on('error', () => undefined);
    (filterPipe as Writable | undefined)?.end(filter);
    let pid: number | undefined;
    let info = '';
    let isKilled = false;
    const { promise: started, resolve: noteStart } = Promise.withResolvers<void>();
    // Until it is set up, what bubblewrap has begun waits for it and would not see its end: it would wait for ever, and hold the streams of the child
    // open. So both are killed, as soon as it has said what it has begun. Not as a group, which would need a session: where Linux shares processors
    // between sessions first (`sched(7)`, autogroup), a worker alone in one takes them from this process.
    const kill = (): void => {
      isKilled = true;
      if (pid === undefined) return;
      killProcess(pid);
      child.kill('SIGKILL');
    };
    child.once('error', () => noteStart());
    child.once('exit', () => {
      noteStart();
      kill();
      // Somebody else has killed it before it could say that: what it has begun would hold the streams.
      if (pid === undefined) setTimeout(() => child.stdio.forEach((stream) => stream?.destroy()), INFO_LIMIT_MS).unref();
    });
    infoPipe?.on('error', () => undefined);
    (infoPipe as Readable | undefined)?.on('data', (piece: Buffer) => {
      if (pid !== undefined) return;
      info = (info + piece.toString('latin1')).slice(0, INFO_LIMIT_CHARS);
      pid = readPid(info);
      if (pid !== undefined) noteStart();
      if (isKilled) kill();
    });
    return { child, pid: () => (hasEnded(child) ? undefined : pid), started, kill: () => hasEnded(child) || kill() };
  };
}

/** Input, output, no errors; the filter; what bubblewrap says. In the places of what this process would hand on by mistake: nothing. */
function standardStreams(): StdioOptions {
  const streams: (IOType | number)[] = ['pipe', 'pipe', 'ignore', 'pipe', 'pipe'];
  const leaking = inheritedDescriptors().filter((descriptor) => descriptor >= streams.length);
  if (leaking.length === 0) return streams;
  const nothing = openSync('/dev/null', 'r');
  const length = Math.max(...leaking) + 1;
  const rest = Array.from({ length: length - streams.length }, (_, n) =>
    leaking.includes(n + streams.length) ? nothing : ('ignore' as const),
  );
  return [...streams, ...rest];
}

const hasEnded = ({ exitCode, signalCode }: { exitCode: number | null; signalCode: string | null }): boolean =>
  exitCode !== null || signalCode !== null;

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

function readPid(info: string): number | undefined {
  const digits = /"child-pid"\s*:\s*(\d+)/u.exec(info)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
