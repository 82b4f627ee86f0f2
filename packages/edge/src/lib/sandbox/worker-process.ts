import { setPriority } from 'node:os';
import { type Clock, messageOf } from '@loopwright/protocol';
import type { EngineLimits, LoadOptions } from './engine.ts';
import { type Frame, FrameReader, FrameWriter, KIND } from './frame.ts';
import type { Jail, JailedProcess } from './jail/jail.ts';
import {
  FAIR_SHARE,
  HARD_LIMIT_GRACE_MS,
  LOWERED_PRIORITY,
  MESSAGE_LIMIT_CHARS,
  PROGRAMS_PER_WORKER,
  STUCK_HEAD_MS,
  THREADS_PER_WORKER,
  TIMER_SLACK_NS,
  WATCH_INTERVAL_MS,
  WRITES_UNDER_WAY,
} from './limits.ts';
import type { WorkerCgroup, WorkerCgroups } from './resources/worker-cgroups.ts';
import { residentBytes } from './resources/resident-memory.ts';
import { allowTimerSlack } from './resources/timer-slack.ts';
import { loadText, readFailure } from './payloads.ts';
import { processorMs } from './processor-time.ts';
import type { ProgramHistory } from './program-history.ts';
import type { SandboxResult } from './sandbox.ts';
import type { Runner } from './runner.ts';

/** A run that was asked for. */
export interface Call {
  readonly history: ProgramHistory;
  readonly code: string;
  readonly inputJson: string;
  readonly options: Required<LoadOptions>;
  /** Set when a worker died before it came to this call: the call now gets an idle worker, so that it cannot happen twice. */
  isRequeued: boolean;
  readonly resolve: (result: SandboxResult) => void;
  readonly reject: (error: Error) => void;
}

/** Why the pool killed a worker; `idle`: somebody else needs the room. */
export type KillReason = 'time' | 'memory' | 'start' | 'protocol' | 'idle' | 'close';

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
  readonly runner: Runner;
  readonly residentLimitBytes: number;
  readonly jail: Jail;
  /** Limits of the kernel on memory and threads; `undefined` where they are not to be had. */
  readonly cgroups: WorkerCgroups | undefined;
  readonly clock: Clock;
}

interface InFlight {
  /** `undefined`: the answer is not wanted any more, because the call went to another worker. */
  call: Call | undefined;
  readonly id: number;
  readonly expectedMs: number;
}

/** One worker process: what was sent to it and not answered, in the order in which it works. It works for one tenant all its life. */
export class WorkerProcess {
  readonly #process: JailedProcess;
  readonly #setup: WorkerSetup;
  readonly #events: WorkerEvents;
  readonly #reader = new FrameReader();
  readonly #writer = new FrameWriter();
  /** From {@link #first} on: calls under way, the head first. */
  #inFlight: InFlight[] = [];
  #first = 0;
  /** Slots that are loaded, the one used longest ago first. */
  readonly #slots = new Set<number>();
  #cgroup: WorkerCgroup | undefined;
  #isConfined = false;
  #isLowered = false;
  readonly ended: Promise<void>;
  readonly startedAt: number;
  /** Whose programs it runs; `undefined` until it has run one. */
  tenant: string | undefined;
  engineName: string | undefined;
  killReason: KillReason | undefined;
  /** What the head had of a processor when it was killed for its time, in milliseconds. */
  killedAfterMs: number | undefined;
  isEnded = false;
  /** It gets no more calls: its priority cannot be raised again. */
  isRetired = false;
  /** Whether it has answered a call: the start of such a worker was a success. */
  hasAnswered = false;
  /** Work under way, in expected milliseconds. */
  expectedMs = 0;
  /** Since when the head call is at the head, or since when there is none; milliseconds since 1970. */
  headSince: number;
  /** The head call when it was first looked at, and what the process had had of a processor by then. */
  #watched: { readonly head: Call; readonly cpuMs: number | undefined; isStarved?: boolean } | undefined;
  #lastId = 0;
  #lastSlot = 0;
  #isFlushPlanned = false;
  /** The last call of each write that is not answered to its end. */
  readonly #writeEnds: number[] = [];

  constructor(setup: WorkerSetup, events: WorkerEvents) {
    this.#setup = setup;
    this.#events = events;
    this.startedAt = setup.clock.now();
    this.headSince = this.startedAt;
    this.#process = setup.jail.start(setup.runner.commandLine(setup));
    const { child } = this.#process;
    child.stdout?.on('data', (piece: Buffer) => this.#read(piece));
    // A write to a process that has just died; `close` says the rest.
    child.stdin?.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      const end = (): void => {
        if (this.isEnded) return;
        this.isEnded = true;
        if (this.#cgroup?.wasKilled() === true) this.killReason ??= 'memory';
        this.#cgroup?.remove();
        events.onEnd(this);
        resolve();
      };
      // `close` comes after the last byte of the output: the first call without an answer is the one that was under way.
      child.on('close', end);
      child.on('error', () => {
        if (child.pid === undefined) end();
      });
    });
  }

  get isReady(): boolean {
    return this.#isConfined && !this.isEnded && !this.isRetired && this.killReason === undefined;
  }

  /** Number of calls under way, those included whose answer is not wanted. */
  get depth(): number {
    return this.#inFlight.length - this.#first;
  }

  /** The calls whose answer is wanted. */
  get calls(): Call[] {
    return this.#inFlight.slice(this.#first).flatMap(({ call }) => call ?? []);
  }

  /** The call that runs now; `undefined` when none runs or its answer is not wanted. */
  get head(): Call | undefined {
    return this.#inFlight[this.#first]?.call;
  }

  /** Resident memory in bytes, where it can be told. */
  residentBytes(): number | undefined {
    const pid = this.#process.pid();
    return pid === undefined ? undefined : residentBytes(pid);
  }

  /** What the head call has had of a processor since this was first asked for it, in milliseconds, where it can be told. */
  headProcessorMs(): number | undefined {
    const { head } = this;
    if (head === undefined) return undefined;
    const cpuMs = processorMs(this.#process.pid());
    if (this.#watched?.head !== head) this.#watched = { head, cpuMs };
    return cpuMs === undefined || this.#watched.cpuMs === undefined ? undefined : cpuMs - this.#watched.cpuMs;
  }

  /**
   * Whether the head call had too little of a processor to be judged by the time it took: asked when that is over its limit, and decided then, as inside
   * of the worker. False where it cannot be told.
   */
  isHeadStarved(limitMs: number): boolean {
    const cpuMs = this.headProcessorMs();
    if (this.#watched === undefined || cpuMs === undefined) return false;
    // What it had before the first look is not known.
    this.#watched.isStarved ??= STUCK_HEAD_MS + WATCH_INTERVAL_MS + cpuMs < FAIR_SHARE * limitMs + HARD_LIMIT_GRACE_MS;
    return this.#watched.isStarved;
  }

  /** Sends a call behind those under way, and the program before it when it is not loaded. */
  send(call: Call): void {
    const { slot, expectedMs } = call.history;
    this.#load(slot, call);
    if (this.depth === 0) this.headSince = this.#setup.clock.now();
    this.#lastId = (this.#lastId + 1) >>> 0 || 1;
    this.#inFlight.push({ call, id: this.#lastId, expectedMs });
    this.expectedMs += expectedMs;
    this.#write(KIND.call, this.#lastId, slot, call.inputJson);
  }

  /** Gives back the calls behind the head; the worker will still run them, but nobody waits for its answer. */
  takeWaiting(): Call[] {
    return this.#inFlight.slice(this.#first + 1).flatMap((entry) => {
      const { call } = entry;
      entry.call = undefined;
      return call ?? [];
    });
  }

  /** Lets other processes go first while the head call takes long, until it is answered. */
  lowerPriority(): void {
    if (this.#isLowered) return;
    this.#isLowered = this.#setPriority(LOWERED_PRIORITY);
  }

  /** `cpuMs`: what its head had of a processor. */
  kill(reason: KillReason, cpuMs?: number): void {
    if (this.isEnded) return;
    if (this.killReason === undefined) this.killedAfterMs = cpuMs;
    this.killReason ??= reason;
    this.#process.kill();
  }

  #load(slot: number, { code, options }: Call): void {
    if (slot === this.#lastSlot) return;
    if (!this.#slots.delete(slot)) {
      this.#makeRoom();
      this.#write(KIND.load, 0, slot, loadText(code, options));
    }
    this.#slots.add(slot);
    this.#lastSlot = slot;
  }

  /** Drops the program used longest ago when there are too many, and one more when they hold much memory: to drop all of them takes long. */
  #makeRoom(): void {
    const isLarge = (this.residentBytes() ?? 0) > this.#setup.residentLimitBytes / 2;
    const surplus = isLarge ? 2 : this.#slots.size >= PROGRAMS_PER_WORKER ? 1 : 0;
    for (const slot of [...this.#slots].slice(0, surplus)) {
      this.#slots.delete(slot);
      this.#write(KIND.drop, 0, slot, '');
    }
  }

  #write(kind: number, id: number, slot: number, payload: string): void {
    this.#writer.add(kind, id, slot, payload);
    this.#planFlush();
  }

  /**
   * Everything that comes together in one turn of the event loop is one write; while the worker has enough to do, what comes until it has answered
   * is one. Each write wakes it up, which costs more than a quick program.
   */
  #planFlush(): void {
    if (this.#isFlushPlanned || this.#writer.isEmpty || this.#writeEnds.length >= WRITES_UNDER_WAY) return;
    this.#isFlushPlanned = true;
    setImmediate(() => {
      this.#isFlushPlanned = false;
      this.#writeEnds.push(this.#lastId);
      const { stdin } = this.#process.child;
      const bytes = this.#writer.take();
      if (stdin !== null && !stdin.destroyed) stdin.write(bytes);
    });
  }

  #read(piece: Buffer): void {
    if (this.killReason !== undefined) return;
    try {
      for (const frame of this.#reader.push(piece)) this.#accept(frame);
      this.#planFlush();
    } catch (error) {
      // The worker writes what its protocol does not know: it may be in the hands of a program.
      process.emitWarning(`A sandbox worker is killed: ${messageOf(error).slice(0, 200)}`);
      this.kill('protocol');
    }
  }

  #accept({ kind, id, value, payload }: Frame): void {
    if (this.engineName === undefined) {
      if (kind !== KIND.ready || payload.length > 100) throw new Error('it does not say that it is ready');
      this.engineName = payload;
      void this.#process.started.then(() => this.#confine());
      return;
    }
    const entry = this.#inFlight[this.#first];
    if (entry === undefined || id !== entry.id) throw new Error('an answer out of turn');
    const result = readResult(kind, value, payload);
    if (id === this.#writeEnds[0]) this.#writeEnds.shift();
    this.#first += 1;
    if (this.#first === this.#inFlight.length || this.#first > 1000) {
      this.#inFlight = this.#inFlight.slice(this.#first);
      this.#first = 0;
    }
    this.expectedMs = this.depth === 0 ? 0 : Math.max(0, this.expectedMs - entry.expectedMs);
    this.headSince = this.#setup.clock.now();
    this.hasAnswered = true;
    if (this.#isLowered) this.#raisePriority();
    if (entry.call !== undefined) this.#events.onAnswer(this, entry.call, result);
  }

  /** As soon as it is ready, before it has seen a program: until then it gets no call. */
  #confine(): void {
    const pid = this.#process.pid();
    if (pid === undefined || this.isEnded) return;
    allowTimerSlack(pid, TIMER_SLACK_NS);
    const limits = { memoryBytes: this.#setup.residentLimitBytes, threads: THREADS_PER_WORKER };
    this.#cgroup = this.#setup.cgroups?.confine(pid, limits);
    this.#isConfined = true;
    this.#events.onReady(this);
  }

  #raisePriority(): void {
    this.#isLowered = false;
    // Only root may: others give the worker up when it has answered what it owes.
    if (!this.#setPriority(0)) this.isRetired = true;
  }

  #setPriority(priority: number): boolean {
    const pid = this.#process.pid();
    if (pid === undefined) return false;
    try {
      setPriority(pid, priority);
      return true;
    } catch {
      // It has just died, or may not be given a higher priority.
      return false;
    }
  }
}

/** Throws for what is no answer: the worker may be in the hands of a program. */
function readResult(kind: number, micros: number, payload: string): SandboxResult {
  const latencyMs = micros / 1000;
  if (kind === KIND.success) return { status: 'success', outputJson: payload, latencyMs };
  if (kind !== KIND.error && kind !== KIND.timeout) throw new Error('an answer of an unknown kind');
  if (payload.length > MESSAGE_LIMIT_CHARS * 2) throw new Error('a message that is too long');
  return { status: kind === KIND.error ? 'error' : 'timeout', ...readFailure(payload), latencyMs };
}
