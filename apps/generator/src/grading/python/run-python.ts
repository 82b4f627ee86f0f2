import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { Readable } from 'node:stream';
import { processorMs } from '@loopwright/edge';
import { type Clock, type JsonObject, PlatformError } from '@loopwright/protocol';
import { z } from 'zod';
import type { PythonWall } from './python-wall.ts';

/** Address space of a program, in MB. */
const MEMORY_MB = 512;
/** The most that a program may write past its own output before it is ended, in bytes. */
const ANSWER_LIMIT_BYTES = 4 * 1024 * 1024;
/** How long the wall and Python may take to start, in milliseconds. */
const START_LIMIT_MS = 60_000;
/** What a program must have had of a processor, since Python has started, before it is said to run too long, in milliseconds; or all of its limit, where that is less. */
const FAIR_CPU_MS = 150;
/** How long a program that had less may take in all, in milliseconds, where that is more than its limit: one that sleeps looks like one that waits for a processor. */
const PATIENCE_MS = 10_000;
/** What is added to the niceness of a program that had as much: most that take longer loop, and they would keep the others from their time. */
const NICENESS = 10;

/** A file by its path, which is relative and plain. */
interface PythonFile {
  readonly file_path: string;
  readonly content: string;
}

/** What `runner.py` is given; the rest depends on the mode. */
export interface PythonTask {
  readonly mode: 'tests' | 'check' | 'answers';
  readonly files: readonly PythonFile[];
  readonly tests: readonly PythonFile[];
  readonly [more: string]: unknown;
}

/** What programs of Python are run with. */
export interface PythonParts {
  readonly wall: PythonWall;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Limit of the process, in milliseconds, once Python has started. */
  readonly limitMs: number;
}

/** What came of a process: its answer, which may be anything the program wanted it to be; or why there is none. */
export type PythonRun = { readonly answer: JsonObject } | { readonly missing: 'timeout' | 'ended' };

/**
 * Runs one task in one process behind the wall.
 *
 * @throws the reason of the signal; SERVICE_UNAVAILABLE when the wall does not start
 */
export async function runPython(task: PythonTask, { wall, clock, signal, limitMs }: PythonParts): Promise<PythonRun> {
  signal.throwIfAborted();
  const nonce = randomBytes(24).toString('hex');
  const runner = readFileSync(new URL('./runner.py', import.meta.url), 'utf8');
  const child = wall.start(['-I', '-S', '-B', '-c', runner]);
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(JSON.stringify({ ...task, nonce, memory_mb: MEMORY_MB }));
  const { text, isTimedOut } = await watch(child, { limitMs, clock, signal });
  signal.throwIfAborted();
  const line = text.split('\n').findLast((candidate) => candidate.startsWith(`${nonce} `));
  const answer = line === undefined ? undefined : parsed(line.slice(nonce.length + 1));
  // Before the limit: it may have answered in time, and its answer been read here when the limit was over.
  if (answer !== undefined) return { answer };
  if (isTimedOut) return { missing: 'timeout' };
  if (!text.startsWith('ready\n') && line === undefined)
    throw new PlatformError('SERVICE_UNAVAILABLE', 'Cannot run the program: the wall around Python does not start');
  return { missing: 'ended' };
}

function parsed(text: string): JsonObject | undefined {
  try {
    return z.record(z.string(), z.json()).safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

interface Watched {
  readonly text: string;
  readonly isTimedOut: boolean;
}

/** Reads what the process writes, and ends it when its time is over, when it writes too much, or when the signal is aborted. */
async function watch(
  child: ChildProcess,
  { limitMs, clock, signal }: { limitMs: number; clock: Clock; signal: AbortSignal },
): Promise<Watched> {
  const pieces: Buffer[] = [];
  let size = 0;
  let isTimedOut = false;
  const kill = (): void => void child.kill('SIGKILL');
  let cancelTimer = clock.schedule(START_LIMIT_MS, kill);
  let isReady = false;
  const inside = readPid(child.stdio[3] as Readable);
  const fairMs = 0.8 * Math.min(limitMs, FAIR_CPU_MS);
  let startCpuMs = 0;
  // Looks again and again how much of a processor it had.
  const look = async (sinceMs: number, isNice: boolean): Promise<void> => {
    const pid = await inside;
    // Its number may belong to another process now.
    if (child.exitCode !== null || child.signalCode !== null) return;
    const totalMs = processorMs(pid);
    // One that is gone has ended by itself, and its end will be seen here soon.
    const isGone = pid !== undefined && totalMs === undefined;
    const cpuMs = totalMs === undefined ? undefined : totalMs - startCpuMs;
    const isFair = (!isGone && (cpuMs === undefined || cpuMs >= fairMs)) || sinceMs >= PATIENCE_MS;
    if (sinceMs >= limitMs && isFair) {
      isTimedOut = true;
      return kill();
    }
    const isLong = !isNice && (cpuMs ?? 0) >= FAIR_CPU_MS;
    if (isLong) lower(pid);
    const pauseMs = sinceMs < limitMs ? Math.min(FAIR_CPU_MS, limitMs - sinceMs) : FAIR_CPU_MS;
    cancelTimer = clock.schedule(pauseMs, () => void look(sinceMs + pauseMs, isNice || isLong));
  };
  child.stdout?.on('data', (piece: Buffer) => {
    size += piece.length;
    if (size > ANSWER_LIMIT_BYTES) return kill();
    pieces.push(piece);
    if (isReady) return;
    isReady = true;
    void inside.then((pid) => (startCpuMs = processorMs(pid) ?? 0));
    cancelTimer();
    cancelTimer = clock.schedule(Math.min(FAIR_CPU_MS, limitMs), () => void look(Math.min(FAIR_CPU_MS, limitMs), false));
  });
  signal.addEventListener('abort', kill, { once: true });
  try {
    await new Promise<void>((resolve) => {
      child.on('close', () => resolve());
      child.on('error', () => resolve());
    });
  } finally {
    cancelTimer();
    signal.removeEventListener('abort', kill);
  }
  const text = Buffer.concat(pieces).toString('utf8');
  return { text, isTimedOut: isTimedOut && size <= ANSWER_LIMIT_BYTES };
}

/** It has ended meanwhile, or belongs to somebody else: then it stays as it is. */
function lower(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, NICENESS);
  } catch {
    // Its limit ends it all the same.
  }
}

async function readPid(stream: Readable): Promise<number | undefined> {
  let text = '';
  try {
    for await (const piece of stream) text += String(piece).slice(0, 1000);
    return z.object({ 'child-pid': z.int() }).parse(JSON.parse(text))['child-pid'];
  } catch {
    return undefined;
  }
}
