import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Clock, messageOf } from '@loopwright/protocol';
import { z } from 'zod';
import type { EngineLimits } from './engine.ts';
import { type Frame, FrameReader, encodeFrame } from './frame.ts';
import type { Jail } from './jail.ts';
import { PROGRAMS_PER_WORKER } from './limits.ts';
import { processorMs } from './processor-time.ts';
import type { ProgramHistory } from './program-history.ts';
import { residentBytes } from './resident-memory.ts';
import type { SandboxResult } from './sandbox.ts';
import type { WorkerCommand } from './worker-main.ts';

/** A run that was asked for. */
export interface Call {
  readonly history: ProgramHistory;
  readonly code: string;
  readonly inputJson: string;
  readonly options: { readonly timeoutMs: number; readonly inParts: boolean };
  /** Set when a worker died before it came to this call: the call now gets an idle worker, so that it cannot happen twice. */
  isRequeued: boolean;
  readonly resolve: (result: SandboxResult) => void;
  readonly reject: (error: Error) => void;
}

/** Why the pool killed a worker. */
export type KillReason = 'time' | 'memory' | 'start' | 'protocol' | 'close';

/** What a worker process reports to its pool. */
export interface WorkerEvents {
  onReady(worker: WorkerProcess): void;
  onAnswer(worker: WorkerProcess, call: Call, result: SandboxResult): void;
  /** The process is gone; {@link WorkerProcess.calls} are the calls it owes an answer, the head first. */
  onEnd(worker: WorkerProcess): void;
}

/** How workers are started. */
export interface WorkerSetup {
  readonly limits: EngineLimits;
  readonly residentLimitBytes: number;
  readonly jail: Jail;
  readonly clock: Clock;
}

const readySchema = z.object({ ready: z.string().max(100) });
const answerSchema = z.object({
  status: z.enum(['success', 'error', 'timeout']),
  latency_ms: z.number().nonnegative(),
  cpu_ms: z.number().nonnegative().optional(),
});
const messageSchema = z.string().max(10_000);

interface InFlight {
  /** `undefined`: the answer is not wanted any more, because the call went to another worker. */
  call: Call | undefined;
  readonly expectedMs: number;
}

function spawnWorker({ limits, jail }: WorkerSetup): ChildProcess {
  const isSource = import.meta.filename.endsWith('.ts');
  const main = fileURLToPath(new URL(`./worker-main.${isSource ? 'ts' : 'js'}`, import.meta.url));
  const conditions = process.execArgv.filter((argument) => argument.startsWith('--conditions='));
  const args = [...conditions, '--no-node-snapshot', '--disable-warning=ExperimentalWarning', main, JSON.stringify(limits)];
  const wrapped = jail.wrap({ command: process.execPath, args });
  return spawn(wrapped.command, wrapped.args, { stdio: ['pipe', 'pipe', 'ignore'], env: {}, windowsHide: true });
}

/** One worker process: what was sent to it and not answered, in the order in which it works. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #setup: WorkerSetup;
  readonly #events: WorkerEvents;
  readonly #reader = new FrameReader();
  readonly #inFlight = new Map<number, InFlight>();
  /** Slots that are loaded, the one used longest ago first. */
  readonly #slots = new Set<number>();
  readonly ended: Promise<void>;
  readonly startedAt: number;
  engineName: string | undefined;
  killReason: KillReason | undefined;
  /** What the head had of a processor when it was killed for its time, in milliseconds. */
  killedAfterMs: number | undefined;
  isEnded = false;
  /** Whether it has answered a call: the start of such a worker was a success. */
  hasAnswered = false;
  /** Work under way, in expected milliseconds. */
  expectedMs = 0;
  /** Since when the head call is at the head, milliseconds since 1970. */
  headSince = 0;
  /** The head call when it was first looked at, and what the process had had of a processor by then. */
  #watched: { readonly head: Call; readonly cpuMs: number | undefined } | undefined;
  #lastId = 0;
  #isCorked = false;

  constructor(setup: WorkerSetup, events: WorkerEvents) {
    this.#setup = setup;
    this.#events = events;
    this.startedAt = setup.clock.now();
    this.#child = spawnWorker(setup);
    this.#child.stdout?.on('data', (piece: Buffer) => this.#read(piece));
    // A write to a process that has just died; `close` says the rest.
    this.#child.stdin?.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      const end = (): void => {
        if (this.isEnded) return;
        this.isEnded = true;
        events.onEnd(this);
        resolve();
      };
      // `close` comes after the last byte of the output: the first call without an answer is the one that was under way.
      this.#child.on('close', end);
      this.#child.on('error', () => {
        if (this.#child.pid === undefined) end();
      });
    });
  }

  get isReady(): boolean {
    return this.engineName !== undefined && !this.isEnded && this.killReason === undefined;
  }

  /** Number of calls under way, those included whose answer is not wanted. */
  get depth(): number {
    return this.#inFlight.size;
  }

  /** The calls whose answer is wanted. */
  get calls(): Call[] {
    return [...this.#inFlight.values()].flatMap(({ call }) => call ?? []);
  }

  /** The call that runs now; `undefined` when none runs or its answer is not wanted. */
  get head(): Call | undefined {
    return this.#inFlight.values().next().value?.call;
  }

  /** Resident memory in bytes, where it can be told. */
  residentBytes(): number | undefined {
    return this.#child.pid === undefined ? undefined : residentBytes(this.#child.pid);
  }

  /** What the head call has had of a processor since this was first asked for it, in milliseconds, where it can be told. */
  headProcessorMs(): number | undefined {
    const { head } = this;
    if (head === undefined) return undefined;
    const cpuMs = processorMs(this.#child.pid);
    if (this.#watched?.head !== head) this.#watched = { head, cpuMs };
    return cpuMs === undefined || this.#watched.cpuMs === undefined ? undefined : cpuMs - this.#watched.cpuMs;
  }

  /** Sends a call behind those under way, and the program before it when it is not loaded. */
  send(call: Call): void {
    const { slot, expectedMs } = call.history;
    if (!this.#slots.delete(slot)) {
      this.#makeRoom();
      this.#write(0, { op: 'load', slot, options: call.options }, call.code);
    }
    this.#slots.add(slot);
    if (this.#inFlight.size === 0) this.headSince = this.#setup.clock.now();
    this.#lastId = (this.#lastId + 1) >>> 0 || 1;
    this.#inFlight.set(this.#lastId, { call, expectedMs });
    this.expectedMs += expectedMs;
    this.#write(this.#lastId, { op: 'call', slot }, call.inputJson);
  }

  /** Gives back the calls behind the head; the worker will still run them, but nobody waits for its answer. */
  takeWaiting(): Call[] {
    const [, ...waiting] = this.#inFlight.values();
    return waiting.flatMap((entry) => {
      const { call } = entry;
      entry.call = undefined;
      return call ?? [];
    });
  }

  /** `cpuMs`: what its head had of a processor. */
  kill(reason: KillReason, cpuMs?: number): void {
    if (this.isEnded) return;
    if (this.killReason === undefined) this.killedAfterMs = cpuMs;
    this.killReason ??= reason;
    this.#child.kill('SIGKILL');
  }

  /** Drops the program used longest ago when there are too many, all of them when they hold much memory. */
  #makeRoom(): void {
    const isLarge = (this.residentBytes() ?? 0) > this.#setup.residentLimitBytes / 2;
    for (const slot of this.#slots) {
      if (!isLarge && this.#slots.size < PROGRAMS_PER_WORKER) return;
      this.#slots.delete(slot);
      this.#write(0, { op: 'drop', slot }, '');
    }
  }

  #write(id: number, command: WorkerCommand, payload: string): void {
    const stdin = this.#child.stdin;
    if (stdin === null || stdin.destroyed) return;
    if (!this.#isCorked) {
      this.#isCorked = true;
      stdin.cork();
      process.nextTick(() => {
        this.#isCorked = false;
        stdin.uncork();
      });
    }
    stdin.write(encodeFrame({ id, head: JSON.stringify(command), payload }));
  }

  #read(piece: Buffer): void {
    if (this.killReason !== undefined) return;
    try {
      for (const frame of this.#reader.push(piece)) this.#accept(frame);
    } catch (error) {
      // The worker writes what its protocol does not know: it may be in the hands of a program.
      process.emitWarning(`A sandbox worker is killed: ${messageOf(error).slice(0, 200)}`);
      this.kill('protocol');
    }
  }

  #accept({ id, head, payload }: Frame): void {
    if (this.engineName === undefined) {
      this.engineName = readySchema.parse(JSON.parse(head)).ready;
      this.#events.onReady(this);
      return;
    }
    const answer = answerSchema.parse(JSON.parse(head));
    const [expectedId] = this.#inFlight.keys();
    if (id !== expectedId) throw new Error('an answer out of turn');
    const entry = this.#inFlight.get(id);
    this.#inFlight.delete(id);
    this.expectedMs = this.#inFlight.size === 0 ? 0 : Math.max(0, this.expectedMs - (entry?.expectedMs ?? 0));
    this.headSince = this.#setup.clock.now();
    this.hasAnswered = true;
    if (entry?.call === undefined) return;
    const latencyMs = answer.latency_ms;
    if (answer.status === 'success') {
      this.#events.onAnswer(this, entry.call, { status: 'success', outputJson: payload, latencyMs });
    } else {
      const message = messageSchema.parse(JSON.parse(payload));
      const cpu = answer.cpu_ms === undefined ? {} : { cpuMs: answer.cpu_ms };
      this.#events.onAnswer(this, entry.call, { status: answer.status, message, latencyMs, ...cpu });
    }
  }
}
