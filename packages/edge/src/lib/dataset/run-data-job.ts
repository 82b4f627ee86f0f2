import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type Clock, type ExecutionQueryResponse, PlatformError, isErrorCode } from '@loopwright/protocol';
import { residentBytes } from '../sandbox/resources/resident-memory.ts';
import { type DataJob, dataAnswerSchema } from './data-job.ts';

/** Resident memory at which a process is ended, Node and the limit of DuckDB included: not all that a query takes is counted there. */
const RESIDENT_MB = 800;
const LOOK_MS = 25;
/** Programs go first. */
const PRIORITY = 10;

/** How a job is done. */
export interface DataJobOptions {
  readonly clock: Clock;
  /** Ends the job when nobody wants it any more. */
  readonly signal: AbortSignal;
  /** Milliseconds that it may take. */
  readonly timeMs: number;
}

/**
 * Does a job in a process of its own, and gives what it answers.
 *
 * @throws PlatformError LIMIT_EXCEEDED: it took more memory or time than it may; what the job throws; STORE_FAILED
 */
export async function runDataJob(
  job: DataJob,
  { clock, signal, timeMs }: DataJobOptions,
): Promise<ExecutionQueryResponse | number> {
  signal.throwIfAborted();
  const child = startProcess();
  let reason: 'memory' | 'time' | 'nobody' | undefined;
  const end = (why: NonNullable<typeof reason>): void => {
    reason ??= why;
    child.kill('SIGKILL');
  };
  const onAbort = (): void => end('nobody');
  signal.addEventListener('abort', onAbort);
  const stopTimer = clock.schedule(timeMs, () => end('time'));
  let stopLooking = (): void => undefined;
  const look = (): void => {
    if ((residentBytes(child.pid ?? 0) ?? 0) > RESIDENT_MB * 1e6) end('memory');
    stopLooking = clock.schedule(LOOK_MS, look);
  };
  look();
  try {
    // A process that is gone has no ear any more.
    child.stdin?.on('error', () => undefined).write(`${JSON.stringify(job)}\n`);
    const [line] = await Promise.all([child.stdout === null ? '' : text(child.stdout), once(child, 'exit')]);
    if (reason !== undefined) throw limitError(reason);
    return resultIn(line);
  } finally {
    stopTimer();
    stopLooking();
    signal.removeEventListener('abort', onAbort);
  }
}

function startProcess(): ChildProcess {
  const isSource = import.meta.filename.endsWith('.ts');
  const main = fileURLToPath(new URL(`./data-process.${isSource ? 'ts' : 'js'}`, import.meta.url));
  const conditions = process.execArgv.filter((argument) => argument.startsWith('--conditions='));
  // It needs no secret of this process.
  const child = spawn(process.execPath, [...conditions, main], { stdio: ['pipe', 'pipe', 'ignore'], env: {} });
  try {
    setPriority(child.pid ?? 0, PRIORITY);
  } catch {
    // It has ended already, or may not be lowered.
  }
  return child;
}

function resultIn(line: string): ExecutionQueryResponse | number {
  const answer = line === '' ? undefined : dataAnswerSchema.safeParse(JSON.parse(line)).data;
  if (answer === undefined)
    throw new PlatformError('STORE_FAILED', 'Cannot read the records: the process of DuckDB ended without an answer');
  if ('result' in answer) return answer.result;
  const { code, message, details } = answer.error;
  throw new PlatformError(isErrorCode(code) ? code : 'STORE_FAILED', message, details === undefined ? {} : { details });
}

function limitError(reason: 'memory' | 'time' | 'nobody'): PlatformError {
  if (reason === 'nobody') return new PlatformError('SERVICE_UNAVAILABLE', 'Cannot go on: nobody waits for the answer any more');
  return new PlatformError('LIMIT_EXCEEDED', `Cannot read so many records: it takes more ${reason} than it may`, {
    details: { limit: `${reason} of a query or an export` },
  });
}
