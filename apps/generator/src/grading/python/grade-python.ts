import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { processorMs } from '@loopwright/edge';
import { type Clock, type GradeMetadata, PlatformError } from '@loopwright/protocol';
import { z } from 'zod';
import { type Grade, gradeOf } from '../grade.ts';
import type { PythonWall } from './python-wall.ts';

/** Address space of a program, in MB. */
const MEMORY_MB = 512;
/** The most that a program may write past its own output before it is ended, in bytes. */
const ANSWER_LIMIT_BYTES = 4 * 1024 * 1024;
/** How long the wall and Python may take to start, in milliseconds. */
const START_LIMIT_MS = 20_000;
/** What a program must have had of a processor before it is said to run too long, in milliseconds; or all of its limit, where that is less. */
const FAIR_CPU_MS = 150;
/** How many times its limit a program gets that had less. */
const EXTENSIONS = 8;

const answerSchema = z.object({
  tests: z
    .array(
      z.object({
        file: z.string().max(300),
        name: z.string().max(500),
        status: z.enum(['passed', 'failed']),
        message: z.string().max(2000).nullable(),
      }),
    )
    .max(5000),
  printed: z.string().max(70_000),
});

/**
 * Runs the tests of a program of Python in one process behind the wall.
 *
 * @throws the reason of the signal; SERVICE_UNAVAILABLE when the wall does not start
 */
export async function gradePython(
  metadata: GradeMetadata,
  wall: PythonWall,
  parts: { clock: Clock; signal: AbortSignal },
): Promise<Grade> {
  const { clock, signal } = parts;
  signal.throwIfAborted();
  const started = clock.now();
  const nonce = randomBytes(24).toString('hex');
  const runner = readFileSync(new URL('./runner.py', import.meta.url), 'utf8');
  const child = wall.start(['-I', '-S', '-B', '-c', runner]);
  const { files, tests, entry_point, time_limit_ms: limitMs } = metadata;
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(JSON.stringify({ nonce, memory_mb: MEMORY_MB, files, tests, entry_point }));
  const { text, isTimedOut } = await watch(child, { limitMs, clock, signal });
  signal.throwIfAborted();
  const command = 'python3 behind bubblewrap';
  const seconds = Math.max(0, clock.now() - started) / 1000;
  const line = text.split('\n').findLast((candidate) => candidate.startsWith(`${nonce} `));
  const whole = { file: tests[0]?.file_path ?? '', name: tests[0]?.file_path ?? '', status: 'failed' as const };
  if (isTimedOut) {
    const late = { ...whole, message: `The program ran longer than ${limitMs} ms` };
    return gradeOf({ command, tests: [late], isTimedOut, printed: '', seconds });
  }
  if (!text.startsWith('ready\n') && line === undefined)
    throw new PlatformError('SERVICE_UNAVAILABLE', 'Cannot run the program: the wall around Python does not start');
  const answer = line === undefined ? undefined : answerSchema.safeParse(JSON.parse(line.slice(nonce.length + 1))).data;
  if (answer === undefined) {
    const early = { ...whole, message: 'The program ended before its tests did' };
    return gradeOf({ command, tests: [early], isTimedOut: false, printed: '', seconds });
  }
  return gradeOf({ command, tests: answer.tests, isTimedOut: false, printed: answer.printed, seconds });
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
  const whenOver = async (extension: number): Promise<void> => {
    const cpuMs = processorMs(await inside);
    const isFair = cpuMs === undefined || cpuMs >= 0.8 * Math.min(limitMs, FAIR_CPU_MS) || extension >= EXTENSIONS;
    if (!isFair) {
      cancelTimer = clock.schedule(limitMs, () => void whenOver(extension + 1));
      return;
    }
    isTimedOut = true;
    kill();
  };
  child.stdout?.on('data', (piece: Buffer) => {
    size += piece.length;
    if (size > ANSWER_LIMIT_BYTES) return kill();
    pieces.push(piece);
    if (isReady) return;
    isReady = true;
    cancelTimer();
    cancelTimer = clock.schedule(limitMs, () => void whenOver(1));
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

async function readPid(stream: Readable): Promise<number | undefined> {
  let text = '';
  try {
    for await (const piece of stream) text += String(piece).slice(0, 1000);
    return z.object({ 'child-pid': z.int() }).parse(JSON.parse(text))['child-pid'];
  } catch {
    return undefined;
  }
}
