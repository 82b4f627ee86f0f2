// Invariants of the pool:
// P1. A call is answered exactly once: by a worker, by the end of its worker when it was at the head, or by `close`.
// P2. A call loses its worker at most once without being at the head: after that it is sent to an idle worker only.
// P3. One worker more than take calls is kept started, so that a kill costs no start.
// P4. What a worker writes decides about its own calls and nothing else.
import { PlatformError } from '@loopwright/protocol';
import {
  HARD_LIMIT_GRACE_MS,
  INPUT_LIMIT_CHARS,
  PIPELINE_CALLS,
  PIPELINE_WORK_MS,
  QUEUE_LIMIT_CALLS,
  QUEUE_LIMIT_CHARS,
  RESTART_DELAY_MAX_MS,
  RESTART_DELAY_MS,
  START_FAILURES_MAX,
  START_LIMIT_MS,
  STUCK_HEAD_MS,
  WATCH_INTERVAL_MS,
} from './limits.ts';
import { CallQueue } from './call-queue.ts';
import { ProgramHistories } from './program-history.ts';
import { canReadMemory } from './resident-memory.ts';
import type { Sandbox, SandboxHealth, SandboxProgram, SandboxResult } from './sandbox.ts';
import { type Call, WorkerProcess, type WorkerSetup } from './worker-process.ts';

/** The pool behind {@link Sandbox}: spreads calls over worker processes, kills those that do not come back, replaces the dead. */
export class SandboxPool implements Sandbox {
  readonly #setup: WorkerSetup;
  readonly #size: number;
  readonly #log: (message: string) => void;
  readonly #histories: ProgramHistories;
  /** In the order of their start: the first ready ones take calls, the next is the spare. */
  #workers: WorkerProcess[] = [];
  readonly #queue = new CallQueue();
  readonly #opened = Promise.withResolvers<undefined>();
  #pendingCalls = 0;
  #pendingChars = 0;
  #restarts = 0;
  #startFailures = 0;
  #isClosed = false;
  #isWatching = false;
  #engineName = 'isolated-vm';

  constructor(setup: WorkerSetup, size: number, log: (message: string) => void) {
    this.#setup = setup;
    this.#size = size;
    this.#log = log;
    this.#histories = new ProgramHistories(setup.clock);
    this.#opened.promise.catch(() => undefined);
    for (let started = 0; started <= size; started += 1) this.#startWorker();
    this.#watch();
  }

  /** Settles when the first worker is ready or none can be started. */
  get opened(): Promise<undefined> {
    return this.#opened.promise;
  }

  async run({ key, code, timeoutMs: wantedMs, inParts = false }: SandboxProgram, inputJson: string): Promise<SandboxResult> {
    if (this.#isClosed) throw new PlatformError('SERVICE_UNAVAILABLE', 'Cannot run the program: the sandbox is closed');
    if (inputJson.length > INPUT_LIMIT_CHARS) {
      return { status: 'error', message: `The input has more than ${INPUT_LIMIT_CHARS} characters`, latencyMs: 0 };
    }
    const history = this.#histories.of(key);
    if (history.isQuarantined(this.#setup.clock.now())) {
      return { status: 'error', message: 'The program is in quarantine: it had to be killed too often', latencyMs: 0 };
    }
    if (this.#pendingCalls >= QUEUE_LIMIT_CALLS || this.#pendingChars + inputJson.length > QUEUE_LIMIT_CHARS) {
      throw new PlatformError('OVERLOADED', `Cannot run the program: ${this.#pendingCalls} calls wait`);
    }
    const timeoutMs = Math.max(1, Math.min(Math.ceil(wantedMs ?? Infinity), this.#setup.limits.timeoutMs));
    this.#pendingCalls += 1;
    this.#pendingChars += inputJson.length;
    try {
      return await new Promise<SandboxResult>((resolve, reject) => {
        this.#queue.push({ history, code, inputJson, options: { timeoutMs, inParts }, isRequeued: false, resolve, reject });
        this.#dispatch();
      });
    } finally {
      this.#pendingCalls -= 1;
      this.#pendingChars -= inputJson.length;
    }
  }

  health(): SandboxHealth {
    return {
      engine: this.#engineName,
      jail: this.#setup.jail.name,
      workers: this.#activeWorkers().length,
      restarts: this.#restarts,
      memoryWatch: canReadMemory ? 'resident' : 'none',
      calls: this.#pendingCalls,
      quarantined: this.#histories.quarantined(),
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const workers = [...this.#workers];
    for (const worker of workers) worker.kill('close');
    await Promise.all(workers.map((worker) => worker.ended));
    this.#rejectQueued('the sandbox is closed');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #activeWorkers(): WorkerProcess[] {
    return this.#workers.filter((worker) => worker.isReady).slice(0, this.#size);
  }

  /** Sends what waits, as long as a worker will come to it soon. */
  #dispatch(): void {
    if (this.#queue.size === 0) return;
    const workers = this.#activeWorkers();
    const now = this.#setup.clock.now();
    for (let call = this.#queue.peek(); call !== undefined; call = this.#queue.peek()) {
      const worker = pickWorker(workers, call, now);
      if (worker === undefined) break;
      this.#queue.shift();
      worker.send(call);
    }
    this.#watch();
  }

  #startWorker(): void {
    if (this.#isClosed) return;
    const worker = new WorkerProcess(this.#setup, {
      onReady: () => {
        this.#engineName = worker.engineName ?? this.#engineName;
        this.#opened.resolve(undefined);
        this.#dispatch();
      },
      onAnswer: (_, call, result) => {
        this.#startFailures = 0;
        call.history.noteLatency(result.latencyMs);
        call.resolve(result);
        this.#dispatch();
      },
      onEnd: () => this.#replace(worker),
    });
    this.#workers.push(worker);
    this.#watch();
  }

  #replace(worker: WorkerProcess): void {
    this.#workers = this.#workers.filter((other) => other !== worker);
    if (this.#isClosed) {
      const error = new PlatformError('SERVICE_UNAVAILABLE', 'Cannot run the program: the sandbox is closed');
      for (const call of worker.calls) call.reject(error);
      return;
    }
    this.#restarts += 1;
    this.#log(`A sandbox worker ended: ${worker.killReason ?? 'by itself'}`);
    const { head } = worker;
    const waiting = worker.calls.filter((call) => call !== head);
    if (head !== undefined) this.#failHead(worker, head);
    for (const call of waiting) call.isRequeued = true;
    this.#queue.unshift(waiting);
    // One that dies by itself before its first answer would die again: not at once.
    const isStartFailure = worker.engineName === undefined || (!worker.hasAnswered && worker.killReason === undefined);
    if (isStartFailure) this.#restartLater();
    else this.#startWorker();
    this.#dispatch();
  }

  #failHead(worker: WorkerProcess, head: Call): void {
    const now = this.#setup.clock.now();
    head.history.noteKill(now);
    const latencyMs = Math.max(0, now - worker.headSince);
    if (worker.killReason === 'time') {
      head.resolve({
        status: 'timeout',
        message: `The program ran longer than ${head.options.timeoutMs} ms and was killed`,
        latencyMs,
        ...(worker.killedAfterMs === undefined ? {} : { cpuMs: worker.killedAfterMs }),
      });
    } else {
      const reason = worker.killReason === 'memory' ? 'used too much memory and was killed' : 'ended its worker process';
      head.resolve({ status: 'error', message: `The program ${reason}`, latencyMs });
    }
  }

  #restartLater(): void {
    this.#startFailures += 1;
    if (this.#startFailures >= START_FAILURES_MAX && this.#activeWorkers().length === 0) {
      this.#opened.reject(new PlatformError('SERVICE_UNAVAILABLE', 'Cannot open the sandbox: its workers do not start'));
      this.#rejectQueued('the workers of the sandbox do not start');
    }
    const delayMs = Math.min(RESTART_DELAY_MS * 2 ** (this.#startFailures - 1), RESTART_DELAY_MAX_MS);
    this.#setup.clock.schedule(delayMs, () => this.#startWorker());
  }

  #rejectQueued(reason: string): void {
    const error = new PlatformError('SERVICE_UNAVAILABLE', `Cannot run the program: ${reason}`);
    for (const call of this.#queue.drain()) call.reject(error);
  }

  /** Looks at the workers again and again while one of them starts or has something to do. */
  #watch(): void {
    if (this.#isWatching || this.#isClosed) return;
    if (this.#workers.every((worker) => worker.isReady && worker.depth === 0)) return;
    this.#isWatching = true;
    this.#setup.clock.schedule(WATCH_INTERVAL_MS, () => {
      // After the answers that have arrived were read: a busy event loop must not look like a program that hangs.
      setImmediate(() => {
        this.#isWatching = false;
        for (const worker of this.#workers) this.#inspect(worker);
        this.#dispatch();
        this.#watch();
      });
    });
  }

  #inspect(worker: WorkerProcess): void {
    const now = this.#setup.clock.now();
    if (worker.engineName === undefined) {
      if (now - worker.startedAt > START_LIMIT_MS) worker.kill('start');
      return;
    }
    if (worker.depth === 0 || worker.killReason !== undefined) return;
    const ageMs = now - worker.headSince;
    // Programs of tests alone are looked at so closely; others are called often and end soon.
    const cpuMs = worker.head?.options.inParts === true ? worker.headProcessorMs() : undefined;
    if ((worker.residentBytes() ?? 0) > this.#setup.residentLimitBytes) worker.kill('memory');
    else if (ageMs > (worker.head?.options.timeoutMs ?? this.#setup.limits.timeoutMs) + HARD_LIMIT_GRACE_MS)
      worker.kill('time', cpuMs);
    else if (ageMs > STUCK_HEAD_MS && worker.depth > 1) {
      const hasOther = this.#activeWorkers().some((other) => other !== worker && !isStuck(other, now));
      if (hasOther) this.#queue.unshift(worker.takeWaiting());
    }
  }
}

function isStuck(worker: WorkerProcess, now: number): boolean {
  return worker.depth > 0 && now - worker.headSince > STUCK_HEAD_MS;
}

function pickWorker(workers: readonly WorkerProcess[], call: Call, now: number): WorkerProcess | undefined {
  let best: WorkerProcess | undefined;
  for (const worker of workers) {
    if (worker.depth > 0) {
      if (call.isRequeued || worker.depth >= PIPELINE_CALLS || isStuck(worker, now)) continue;
      if (worker.expectedMs + call.history.expectedMs > PIPELINE_WORK_MS) continue;
    }
    if (best === undefined || worker.depth < best.depth) best = worker;
  }
  return best;
}
