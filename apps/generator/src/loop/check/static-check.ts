import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Clock, PlatformError, messageOf } from '@loopwright/protocol';
import { type CheckFinding, finding } from '../finding.ts';
import { LOOP_LIMITS } from '../limits.ts';
import { NO_COMPILER, type StaticCheckTask, staticFindingsSchema } from './static-check-task.ts';

/** Modules of Node that stand in the sandbox for tests. */
const TEST_MODULES = ['node:test', 'node:assert', 'node:assert/strict', 'assert', 'assert/strict', 'test'];
const OUTPUT_BYTES = 4 * 1024 * 1024;
/** How often the memory of the compiler is looked at, in milliseconds. */
const WATCH_MS = 100;
const PAGE_BYTES = 4096;

/** How a static check is made. */
export interface StaticCheckParts {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Dependencies that programs may have. */
  readonly dependencies: readonly string[];
}

/**
 * Parses files and checks their types strictly, in memory, in a process of its own that is killed when it takes too long or too much memory. Nothing is run.
 *
 * @throws the reason of the signal; SERVICE_UNAVAILABLE when the process cannot be started or fails
 */
export async function staticCheck(
  files: ReadonlyMap<string, string>,
  { clock, signal, dependencies }: StaticCheckParts,
): Promise<CheckFinding[]> {
  signal.throwIfAborted();
  const task: StaticCheckTask = { files: Object.fromEntries(files), provided: TEST_MODULES, allowed: dependencies };
  const child = start();
  let stopped: string | undefined;
  const stop = (reason: string): void => {
    stopped ??= reason;
    kill(child);
  };
  const cancelTimer = clock.schedule(LOOP_LIMITS.staticCheckMs, () => stop(`more than ${LOOP_LIMITS.staticCheckMs / 1000} s`));
  const watch = setInterval(() => {
    if (memoryOf(child) > LOOP_LIMITS.staticCheckBytes)
      stop(`more than ${LOOP_LIMITS.staticCheckBytes / 1024 / 1024} MB of memory`);
  }, WATCH_MS);
  const abort = (): void => stop('aborted');
  signal.addEventListener('abort', abort, { once: true });
  try {
    const { output, code } = await talk(child, JSON.stringify(task));
    signal.throwIfAborted();
    if (stopped !== undefined)
      return [finding('types', `the files cannot be checked: the compiler needs ${stopped} for them; make them simpler`)];
    if (code === NO_COMPILER) throw new Error('the compiler is not installed');
    // Native code that a text has crashed leaves nothing behind.
    if (code !== 0) return [finding('syntax', 'the files cannot be read: the parser stopped on them; make them simpler')];
    const found = staticFindingsSchema.parse(JSON.parse(output));
    return found.map(({ stage, message, file, line }) => finding(stage, message, { file, line }));
  } catch (error) {
    signal.throwIfAborted();
    throw new PlatformError('SERVICE_UNAVAILABLE', `Cannot check the files: ${messageOf(error)}`, { cause: error });
  } finally {
    cancelTimer();
    clearInterval(watch);
    signal.removeEventListener('abort', abort);
    kill(child);
  }
}

function start(): ChildProcess {
  const isSource = import.meta.filename.endsWith('.ts');
  const main = fileURLToPath(new URL(`./static-check-main.${isSource ? 'ts' : 'js'}`, import.meta.url));
  const conditions = process.execArgv.filter((argument) => argument.startsWith('--conditions='));
  // A process group of its own, so that the compiler, which is its child, is killed with it.
  return spawn(process.execPath, [...conditions, '--disable-warning=ExperimentalWarning', main], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {},
    detached: true,
    windowsHide: true,
  });
}

/** Gives the process its task and reads its answer; `code` is `null` where it was killed. */
function talk(child: ChildProcess, task: string): Promise<{ output: string; code: number | null }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ output: string; code: number | null }>();
  const pieces: Buffer[] = [];
  let bytes = 0;
  child.stdout?.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes <= OUTPUT_BYTES) pieces.push(piece);
  });
  child.on('error', reject);
  child.on('close', (code) => resolve({ output: Buffer.concat(pieces).toString(), code: bytes > OUTPUT_BYTES ? null : code }));
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(task);
  return promise;
}

function kill({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** Resident bytes of a process and its children, where the system tells; 0 elsewhere. */
function memoryOf({ pid }: ChildProcess): number {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
    return [String(pid), ...children].reduce((sum, id) => sum + residentOf(id), 0);
  } catch {
    return 0;
  }
}

function residentOf(id: string): number {
  return Number(readFileSync(`/proc/${id}/statm`, 'utf8').split(' ')[1] ?? 0) * PAGE_BYTES;
}
