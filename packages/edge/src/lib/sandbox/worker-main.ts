// The process that runs programs. It imports little, because its start is on the way of the hot spare. Everything it reads comes
// from the pool, which started it; what it writes is not trusted by the pool, because a program that broke out would write it.
import { readSync, writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Engine, EngineAnswer, EngineLimits, LoadedProgram } from './engine.ts';
import { type Frame, FrameReader, FrameWriter, KIND } from './frame.ts';
import { failureText, readLoad } from './payloads.ts';
import { FairCalls } from './fair-calls.ts';
import { isolatedVmEngine } from './isolated-vm-engine.ts';

/** What the pool says on the command line. */
export interface WorkerInput {
  readonly limits: EngineLimits;
  /** Whether somebody else ends this process when the pool is gone: the jail does. */
  readonly diesWithPool: boolean;
}

const READ_BYTES = 256 * 1024;
const LARGEST_U32 = 2 ** 32 - 1;

const oneWord = new Int32Array(new SharedArrayBuffer(4));

/** Runs a system call again until it is not refused with EAGAIN: whoever started this process may have made its pipes non-blocking. */
function waitFor(call: () => number): number {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      Atomics.wait(oneWord, 0, 0, 1);
    }
  }
}

function writeAll(bytes: Buffer): void {
  let written = 0;
  while (written < bytes.length) {
    const from = written;
    written += waitFor(() => writeSync(1, bytes, from));
  }
}

/**
 * Ends this process when the pool is gone. The main thread cannot: it may be in a program that V8 does not interrupt, and then nobody
 * else is left to kill it.
 */
function dieWithPool(): void {
  const watch = `const { workerData: pool } = require('node:worker_threads');
    setInterval(() => { if (process.ppid !== pool) process.kill(process.pid, 'SIGKILL'); }, 500);`;
  // With streams of its own: those of this process would be opened for it, and become non-blocking.
  new Worker(watch, { eval: true, execArgv: [], env: {}, workerData: process.ppid, stdout: true, stderr: true }).unref();
}

/** Works through commands, one after the other. */
class Commands {
  readonly #engine: Engine;
  readonly #programs = new Map<number, LoadedProgram>();
  readonly #writer = new FrameWriter();
  readonly #calls = new FairCalls();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  run({ kind, id, value: slot, payload }: Frame): void {
    const program = this.#programs.get(slot);
    if (kind === KIND.load) {
      const { code, options } = readLoad(payload);
      this.#programs.set(slot, this.#engine.load(code, options));
    } else if (kind === KIND.drop) {
      program?.dispose();
      this.#programs.delete(slot);
    } else {
      const start = performance.now();
      const answer: EngineAnswer =
        program === undefined ? { status: 'error', message: 'The program is not loaded' } : this.#calls.run(program, payload);
      const micros = Math.min(LARGEST_U32, Math.round((performance.now() - start) * 1000));
      this.#writer.add(KIND[answer.status], id, micros, answer.status === 'success' ? answer.output : failureText(answer));
      // Each by itself: if it were kept for the next one, a kill during the next program would take it away and blame it.
      writeAll(this.#writer.take());
    }
  }
}

/** Reads commands until the pool closes the pipe. It blocks on purpose: one wake-up a call instead of a turn of the event loop. */
function serve({ limits, diesWithPool }: WorkerInput): void {
  const engine = isolatedVmEngine(limits);
  const commands = new Commands(engine);
  const reader = new FrameReader();
  const ready = new FrameWriter();
  ready.add(KIND.ready, 0, 0, engine.name);
  writeAll(ready.take());
  const buffer = Buffer.alloc(READ_BYTES);
  if (!diesWithPool) dieWithPool();
  for (;;) {
    const size = waitFor(() => readSync(0, buffer, 0, READ_BYTES, null));
    if (size === 0) return;
    for (const frame of reader.push(Buffer.from(buffer.subarray(0, size)))) commands.run(frame);
  }
}

serve(JSON.parse(process.argv[2] ?? '') as WorkerInput);
process.exit(0);
