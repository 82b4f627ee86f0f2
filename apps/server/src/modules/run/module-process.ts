import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { memoryTransports, StreamTransport, type Transport } from '@loopwright/module-sdk';
import { type Clock, messageOf } from '@loopwright/protocol';
import type { RunLimits } from '../limits/run-limits.ts';
import type { ModuleLaunch } from '../module-spec.ts';
import { onOutputLines } from './output-lines.ts';

/** How a process ended. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly reason: string;
}

/** One run of a module as a child process, whose standard streams are its way to us. */
export interface ModuleProcess {
  readonly pid: number | null;
  readonly transport: Transport;
  /** Resolves when it has ended and what it had written was read. */
  readonly exited: Promise<ProcessExit>;
  /** SIGKILL to the child and what it started. `reason` becomes the reason of its exit. */
  kill(reason: string): void;
}

/** Variables that a child needs to run at all. Everything else, keys of providers above all, stays here. */
const PASSED_ON = [
  'PATH',
  'HOME',
  'TMPDIR',
  'TEMP',
  'TMP',
  'TZ',
  'LANG',
  'SystemRoot',
  'NODE_EXTRA_CA_CERTS',
  'NODE_V8_COVERAGE',
  'NODE_COMPILE_CACHE',
];
const STDERR_LINE_LIMIT_BYTES = 16 * 1024;
/** What a process that has ended left in its pipe is read in this time, or not at all: somebody else may hold the pipe open. */
const READ_REST_MS = 1000;
/** Of its memory that Node gives to its heap; the rest is code, stacks and buffers. */
const HEAP_SHARE = 0.75;
/** Options of the test runner are about this process, not about what it starts. */
const NOT_INHERITED = /^--(?:test|watch|inspect|experimental-test)/;
/** Options whose next word is code. */
const CODE = /^(?:-e|-p|-pe|--eval|--print)$/;

/** What a process is started with. */
export interface ModuleProcessOptions {
  /** Of its memory Node gets a part for its heap. */
  readonly memoryMb: number | undefined;
  /** Let go with the process. */
  readonly limits: RunLimits;
  readonly clock: Clock;
  readonly onStderr: (line: string) => void;
}

/** Starts a module in a process group of its own. */
export function startModuleProcess(
  launch: Exclude<ModuleLaunch, { kind: 'attach' }>,
  { memoryMb, limits, clock, onStderr }: ModuleProcessOptions,
): ModuleProcess {
  const ownGroup = process.platform !== 'win32';
  const child = spawnModule(limits.command(...commandOf(launch, memoryMb)), launch, ownGroup);
  if (child instanceof Error) {
    limits.end(clock);
    return neverRan(child.message);
  }
  let killReason: string | undefined;
  let hasExited = false;
  onOutputLines(child.stderr, STDERR_LINE_LIMIT_BYTES, onStderr);
  const exited = new Promise<ProcessExit>((resolve) => {
    const end = (exit: ProcessExit): void => {
      if (hasExited) return;
      hasExited = true;
      if (ownGroup) killGroup(child);
      const finish = (): void => {
        cancel();
        for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
        const limit = limits.end(clock);
        resolve({ ...exit, reason: killReason ?? limit ?? exit.reason });
      };
      const cancel = clock.schedule(READ_REST_MS, finish);
      child.once('close', finish);
      if (child.pid === undefined) finish();
    };
    child.on('error', (error) => end({ code: null, signal: null, reason: `it cannot be started (${error.message})` }));
    child.on('exit', (code, signal) =>
      end({ code, signal, reason: signal === null ? `it ended with code ${code}` : `it was ended by ${signal}` }),
    );
  });
  return {
    pid: child.pid ?? null,
    transport: new StreamTransport({ input: child.stdout, output: child.stdin }),
    exited,
    kill: (reason) => {
      if (hasExited) return;
      killReason ??= reason;
      if (ownGroup) killGroup(child);
      child.kill('SIGKILL');
    },
  };
}

type PipedChild = ChildProcess & { stdin: Writable; stdout: Readable; stderr: Readable };

/** Some failures of a start are thrown, and when no more files can be opened there are no streams. */
function spawnModule(
  [file, args]: readonly [string, string[]],
  launch: Exclude<ModuleLaunch, { kind: 'attach' }>,
  detached: boolean,
): PipedChild | Error {
  try {
    const child: ChildProcess = spawn(file, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: Object.fromEntries(PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))),
      detached,
      windowsHide: true,
      ...(launch.kind === 'command' ? { cwd: launch.cwd } : {}),
    });
    if (isPiped(child)) return child;
    child.on('error', () => undefined);
    return new Error('no more files can be opened');
  } catch (error) {
    return error instanceof Error ? error : new Error(messageOf(error));
  }
}

/** Node says that there are always streams. */
function isPiped(child: ChildProcess): child is PipedChild {
  const streams: unknown[] = [child.stdin, child.stdout, child.stderr];
  return streams.every((stream) => stream !== undefined && stream !== null);
}

function neverRan(why: string): ModuleProcess {
  const [transport] = memoryTransports();
  const exit = { code: null, signal: null, reason: `it cannot be started (${why})` };
  return { pid: null, transport, exited: Promise.resolve(exit), kill: () => undefined };
}

function commandOf(launch: Exclude<ModuleLaunch, { kind: 'attach' }>, memoryMb: number | undefined): [string, string[]] {
  const heap = memoryMb === undefined ? [] : [`--max-old-space-size=${Math.max(16, Math.floor(memoryMb * HEAP_SHARE))}`];
  if (launch.kind === 'node') return [process.execPath, [...inheritedOptions(), ...heap, launch.entry]];
  return launch.file === 'node' ? [process.execPath, [...heap, ...launch.args]] : [launch.file, [...launch.args]];
}

function inheritedOptions(): string[] {
  return process.execArgv.filter(
    (option, index, all) => !NOT_INHERITED.test(option) && !CODE.test(option) && !CODE.test(all[index - 1] ?? ''),
  );
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group is gone: nothing of it is left to kill.
  }
}
