// The process that runs programs. It imports little, because its start is on the way of the hot spare. Everything it reads comes
// from the pool, which started it; what it writes is not trusted by the pool, because a program that broke out would write it.
import { readSync, writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { EngineAnswer, EngineLimits, LoadOptions, LoadedProgram } from './engine.ts';
import { FrameReader, encodeFrame } from './frame.ts';
import { isolatedVmEngine } from './isolated-vm-engine.ts';

/** `load` brings the code of a slot and how it is run, `drop` frees it, `call` runs it with the payload as its input. */
export type WorkerCommand = { readonly op: 'load' | 'drop' | 'call'; readonly slot: number; readonly options?: LoadOptions };

const READ_BYTES = 256 * 1024;

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

function headOf(answer: EngineAnswer, latencyMs: number): string {
  const head = { status: answer.status, latency_ms: Math.round(latencyMs * 1000) / 1000 };
  return JSON.stringify(answer.status === 'timeout' ? { ...head, cpu_ms: answer.cpuMs } : head);
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

/** Reads commands until the pool closes the pipe. It blocks on purpose: one wake-up a call instead of a turn of the event loop. */
function serve(limits: EngineLimits): void {
  const engine = isolatedVmEngine(limits);
  const programs = new Map<number, LoadedProgram>();
  const reader = new FrameReader();
  writeAll(encodeFrame({ id: 0, head: JSON.stringify({ ready: engine.name }), payload: '' }));
  const buffer = Buffer.alloc(READ_BYTES);
  dieWithPool();
  for (;;) {
    const size = waitFor(() => readSync(0, buffer, 0, READ_BYTES, null));
    if (size === 0) return;
    for (const { id, head, payload } of reader.push(Buffer.from(buffer.subarray(0, size)))) {
      const command = JSON.parse(head) as WorkerCommand;
      const program = programs.get(command.slot);
      if (command.op === 'load') programs.set(command.slot, engine.load(payload, command.options));
      else if (command.op === 'drop') {
        program?.dispose();
        programs.delete(command.slot);
      } else {
        const start = performance.now();
        const answer: EngineAnswer = program?.call(payload) ?? { status: 'error', message: 'The program is not loaded' };
        const latencyMs = performance.now() - start;
        const text = answer.status === 'success' ? answer.output : JSON.stringify(answer.message);
        writeAll(encodeFrame({ id, head: headOf(answer, latencyMs), payload: text }));
      }
    }
  }
}

serve(JSON.parse(process.argv[2] ?? '') as EngineLimits);
process.exit(0);
