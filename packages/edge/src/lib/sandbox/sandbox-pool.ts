// Invariants of the pool:
// P1. A call is answered exactly once: by a worker, by the end of its worker when it was at the head, or by `close`.
// P2. A call loses its worker at most once without being at the head: after that it is sent to an idle worker only.
// P3. One worker more than take calls is kept started, so that a kill or a new tenant costs no start.
// P4. What a worker writes decides about its own calls and nothing else.
// P5. A worker that has seen a program of one tenant never sees one of another.
import { PlatformError } from '@loopwright/protocol';
import {
  HARD_LIMIT_GRACE_MS,
  INPUT_LIMIT_CHARS,
  LOWERED_FOR_GOOD_MS,
  PATIENCE,
  QUEUE_LIMIT_CALLS,
  QUEUE_LIMIT_CHARS,
  RESTART_DELAY_MAX_MS,
  RESTART_DELAY_MS,
  START_FAILURES_MAX,
  START_LIMIT_MS,
  STUCK_HEAD_MS,
  TENANTS_AT_ONCE,
  WATCH_INTERVAL_MS,
} from './limits.ts';
import { canReadMemory } from './resources/resident-memory.ts';
import { ProgramHistories } from './program-history.ts';
import type { Sandbox, SandboxHealth, SandboxProgram, SandboxResult } from './sandbox.ts';
import { Tenant, isStuck } from './tenant.ts';
import { type Call, WorkerProcess, type WorkerSetup } from './worker-process.ts';

/** The pool behind {@link Sandbox}: spreads calls over worker processes, kills those that do not come back, replaces the dead. */
export class SandboxPool implements Sandbox {
  readonly #setup: WorkerSetup;
  readonly #size: number;
  readonly #most: number;
  readonly #log: (message: string) => void;
  readonly #histories: ProgramHistories;
  readonly #tenants = new Map<string, Tenant>();
  /** Workers that are nobody's yet, in the order of their start. */
  #free: WorkerProcess[] = [];
  readonly #opened = Promise.withResolvers<undefined>();
  #pendingCalls = 0;
  #pendingChars = 0;
  #restarts = 0;
  #startFailures = 0;
  #isClosed = false;
  #isWatching = false;
  #isBackingOff = false;
  /** Whether a priority that was lowered can be raised again, until it is seen that it cannot. */
  #mayRaisePriority = true;
  #engineName: string;

  /** `size`: workers that one tenant may have. */
  constructor(setup: WorkerSetup, size: number, log: (message: string) => void) {
    this.#setup = setup;
    this.#engineName = setup.runner.engine;
    this.#size = size;
    this.#most = size * TENANTS_AT_ONCE + 1;
    this.#log = log;
    this.#histories = new ProgramHistories(setup.clock);
    this.#opened.promise.catch(() => undefined);
    this.#refill();
  }

  /** Settles when the first worker is ready or none can be started. */
  get opened(): Promise<undefined> {
    return this.#opened.promise;
  }

  run(
    { key, code, tenant: name = '', timeoutMs: wantedMs = Infinity, inParts = false, state = 'kept' }: SandboxProgram,
    inputJson: string,
  ): Promise<SandboxResult> {
    const timeoutMs = Math.max(1, Math.min(Math.ceil(wantedMs), this.#setup.limits.timeoutMs));
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(new PlatformError('SERVICE_UNAVAILABLE', 'Cannot run the program: the sandbox is closed'));
        return;
      }
      const history = this.#histories.of(name, key);
      const refusal = this.#refusalOf(history.isQuarantined(this.#setup.clock.now()), inputJson);
      if (refusal instanceof PlatformError) reject(refusal);
      else if (refusal !== undefined) resolve({ status: 'error', message: refusal, latencyMs: 0 });
      else {
        this.#pendingCalls += 1;
        this.#pendingChars += inputJson.length;
        const tenant = this.#tenantOf(name);
        const options = { timeoutMs, inParts, state };
        tenant.queue.push({ history, code, inputJson, options, isRequeued: false, resolve, reject });
        this.#dispatch(tenant);
      }
    });
  }

  /** Its language is ready when the pool is. */
  async prepare(): Promise<void> {
    await this.opened;
  }

  health(): SandboxHealth {
    const { jail, cgroups } = this.#setup;
    return {
      engine: this.#engineName,
      jail: jail.name,
      walls: jail.walls,
      refusal: jail.refusal ?? null,
      workers: this.#workers().filter((worker) => worker.isReady).length,
      restarts: this.#restarts,
      memoryWatch: cgroups === undefined ? (canReadMemory ? 'resident' : 'none') : 'cgroup',
      calls: this.#pendingCalls,
      quarantined: this.#histories.quarantined(),
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const workers = this.#workers();
    for (const worker of workers) worker.kill('close');
    await Promise.all(workers.map((worker) => worker.ended));
    this.#rejectQueued('the sandbox is closed');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #answer(call: Call, result: SandboxResult): void {
    this.#settle(call);
    call.resolve(result);
  }

  #reject(call: Call, error: Error): void {
    this.#settle(call);
    call.reject(error);
  }

  #settle({ inputJson }: Call): void {
    this.#pendingCalls -= 1;
    this.#pendingChars -= inputJson.length;
  }

  #refusalOf(isQuarantined: boolean, inputJson: string): string | PlatformError | undefined {
    if (inputJson.length > INPUT_LIMIT_CHARS) return `The input has more than ${INPUT_LIMIT_CHARS} characters`;
    if (isQuarantined) return 'The program is in quarantine: it had to be killed too often';
    if (this.#pendingCalls >= QUEUE_LIMIT_CALLS || this.#pendingChars + inputJson.length > QUEUE_LIMIT_CHARS) {
      return new PlatformError('OVERLOADED', `Cannot run the program: ${this.#pendingCalls} calls wait`);
    }
    return undefined;
  }

  #workers(): WorkerProcess[] {
    return [...[...this.#tenants.values()].flatMap(({ workers }) => workers), ...this.#free];
  }

  #workerCount(): number {
    let count = this.#free.length;
    for (const { workers } of this.#tenants.values()) count += workers.length;
    return count;
  }

  #tenantOf(name: string): Tenant {
    let tenant = this.#tenants.get(name);
    if (tenant === undefined) {
      tenant = new Tenant(name);
      this.#tenants.set(name, tenant);
    }
    return tenant;
  }

  /** Sends what waits of a tenant, as long as a worker will come to it soon. */
  #dispatch(tenant: Tenant): void {
    const { queue } = tenant;
    if (queue.size === 0) return;
    const now = this.#setup.clock.now();
    for (let call = queue.peek(); call !== undefined; call = queue.peek()) {
      const worker = tenant.pick(call, now) ?? this.#take(tenant);
      if (worker === undefined) break;
      queue.shift();
      worker.send(call);
    }
    // Behind the last call: a worker that was just given away is not idle.
    this.#refill();
    this.#watch();
  }

  #dispatchAll(): void {
    for (const tenant of this.#tenants.values()) this.#dispatch(tenant);
  }

  /** Gives a tenant one more worker, when it may have one and one is ready. */
  #take(tenant: Tenant): WorkerProcess | undefined {
    if (tenant.workers.length >= this.#size) return undefined;
    const worker = this.#free.find(({ isReady }) => isReady);
    if (worker === undefined) return undefined;
    this.#free = this.#free.filter((other) => other !== worker);
    worker.tenant = tenant.name;
    tenant.workers.push(worker);
    return worker;
  }

  /** Keeps one worker free, and as many started as one tenant may have besides; where there are too many, an idle one makes room. */
  #refill(): void {
    if (this.#isClosed || this.#isBackingOff) return;
    for (;;) {
      if (this.#free.length > 0 && this.#workerCount() > this.#size) return;
      const workers = this.#workers();
      if (workers.length >= this.#most) {
        const idle = workers.filter((worker) => worker.isReady && worker.tenant !== undefined && worker.depth === 0);
        const [oldest] = idle.sort((one, other) => one.headSince - other.headSince);
        if (!workers.some(({ killReason }) => killReason === 'idle')) oldest?.kill('idle');
        return;
      }
      this.#startWorker();
    }
  }

  #startWorker(): void {
    const worker = new WorkerProcess(this.#setup, {
      onReady: () => {
        this.#engineName = worker.engineName ?? this.#engineName;
        this.#opened.resolve(undefined);
        this.#dispatchAll();
      },
      onAnswer: (_, call, result) => {
        this.#startFailures = 0;
        call.history.noteLatency(result.latencyMs);
        this.#answer(call, result);
        if (worker.isRetired) this.#mayRaisePriority = false;
        const tenant = this.#tenants.get(worker.tenant ?? '');
        if (tenant !== undefined) this.#dispatch(tenant);
      },
      onEnd: () => this.#replace(worker),
    });
    this.#free.push(worker);
    this.#watch();
  }

  #replace(worker: WorkerProcess): void {
    this.#free = this.#free.filter((other) => other !== worker);
    const tenant = worker.tenant === undefined ? undefined : this.#tenants.get(worker.tenant);
    if (tenant !== undefined) tenant.workers = tenant.workers.filter((other) => other !== worker);
    if (this.#isClosed) {
      const error = new PlatformError('SERVICE_UNAVAILABLE', 'Cannot run the program: the sandbox is closed');
      for (const call of worker.calls) this.#reject(call, error);
      return;
    }
    if (worker.killReason !== 'idle') {
      this.#restarts += 1;
      this.#log(`A sandbox worker ended: ${worker.killReason ?? 'by itself'}`);
    }
    const { head } = worker;
    const waiting = worker.calls.filter((call) => call !== head);
    // One that is killed because it is idle may have been given a call meanwhile: no fault of the call.
    if (head !== undefined && worker.killReason === 'idle') waiting.unshift(head);
    else if (head !== undefined) this.#failHead(worker, head);
    for (const call of waiting) call.isRequeued = true;
    tenant?.queue.unshift(waiting);
    if (tenant?.isGone === true) this.#tenants.delete(tenant.name);
    // One that dies by itself before its first answer would die again: not at once.
    const isStartFailure = worker.engineName === undefined || (!worker.hasAnswered && worker.killReason === undefined);
    if (isStartFailure) this.#restartLater();
    else this.#refill();
    this.#dispatchAll();
  }

  #failHead(worker: WorkerProcess, head: Call): void {
    const now = this.#setup.clock.now();
    head.history.noteKill(now);
    const latencyMs = Math.max(0, now - worker.headSince);
    if (worker.killReason === 'time') {
      this.#answer(head, {
        status: 'timeout',
        message: `The program ran longer than ${head.options.timeoutMs} ms and was killed`,
        latencyMs,
        ...(worker.killedAfterMs === undefined ? {} : { cpuMs: worker.killedAfterMs }),
      });
    } else {
      const reason = worker.killReason === 'memory' ? 'used too much memory and was killed' : 'ended its worker process';
      this.#answer(head, { status: 'error', message: `The program ${reason}`, latencyMs });
    }
  }

  #restartLater(): void {
    this.#startFailures += 1;
    if (this.#startFailures >= START_FAILURES_MAX && this.#workers().every(({ isReady }) => !isReady)) {
      this.#opened.reject(new PlatformError('SERVICE_UNAVAILABLE', 'Cannot open the sandbox: its workers do not start'));
      this.#rejectQueued('the workers of the sandbox do not start');
    }
    const delayMs = Math.min(RESTART_DELAY_MS * 2 ** (this.#startFailures - 1), RESTART_DELAY_MAX_MS);
    this.#isBackingOff = true;
    this.#setup.clock.schedule(delayMs, () => {
      this.#isBackingOff = false;
      this.#refill();
    });
  }

  #rejectQueued(reason: string): void {
    const error = new PlatformError('SERVICE_UNAVAILABLE', `Cannot run the program: ${reason}`);
    for (const { queue } of this.#tenants.values()) for (const call of queue.drain()) this.#reject(call, error);
  }

  /** Looks at the workers again and again while one of them starts or has something to do. */
  #watch(): void {
    if (this.#isWatching || this.#isClosed) return;
    if (this.#workers().every((worker) => worker.isReady && worker.depth === 0)) return;
    this.#isWatching = true;
    this.#setup.clock.schedule(WATCH_INTERVAL_MS, () => {
      // After the answers that have arrived were read: a busy event loop must not look like a program that hangs.
      setImmediate(() => {
        this.#isWatching = false;
        for (const worker of this.#workers()) this.#inspect(worker);
        this.#refill();
        this.#dispatchAll();
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
    if (worker.killReason !== undefined) return;
    if (worker.depth === 0) {
      if (worker.isRetired) worker.kill('idle');
      return;
    }
    const ageMs = now - worker.headSince;
    const limitMs = worker.head?.options.timeoutMs ?? this.#setup.limits.timeoutMs;
    // Of those that take long, from early on: so there is something to compare with in the end.
    const cpuMs = ageMs > STUCK_HEAD_MS ? worker.headProcessorMs() : undefined;
    if ((worker.residentBytes() ?? 0) > this.#setup.residentLimitBytes) worker.kill('memory');
    else if (ageMs > PATIENCE * limitMs + HARD_LIMIT_GRACE_MS) worker.kill('time', cpuMs);
    else if (ageMs > limitMs + HARD_LIMIT_GRACE_MS && !worker.isHeadStarved(limitMs)) worker.kill('time', cpuMs);
    else if (ageMs > STUCK_HEAD_MS) {
      if (this.#mayRaisePriority || ageMs > LOWERED_FOR_GOOD_MS) worker.lowerPriority();
      this.#giveToOthers(worker, now);
    }
  }

  /** Takes the calls behind a head that takes long, when another worker could have them. */
  #giveToOthers(worker: WorkerProcess, now: number): void {
    const tenant = this.#tenants.get(worker.tenant ?? '');
    if (tenant === undefined || worker.depth < 2) return;
    const hasOther = tenant.workers.some((other) => other !== worker && other.isReady && !isStuck(other, now));
    const mayTake = tenant.workers.length < this.#size && this.#free.some(({ isReady }) => isReady);
    if (hasOther || mayTake) tenant.queue.unshift(worker.takeWaiting());
  }
}
