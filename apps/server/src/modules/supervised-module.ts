import { type Clock, isoTime, type ModuleInit, type ModuleMessage, type Random } from '@loopwright/protocol';
import { backOffMs } from './back-off.ts';
import { type ModuleProcess, startModuleProcess } from './module-process.ts';
import type { ModuleExit, ModuleLogEntry, ModuleSpec, ModuleState, ModuleStatus, SupervisionTimes } from './module-spec.ts';

/** What a {@link SupervisedModule} needs from its surroundings. */
export interface Surroundings {
  readonly orchestratorApi: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly times: SupervisionTimes;
  readonly log: (entry: ModuleLogEntry) => void;
  /** Takes what a module says of its spans, unread; must not throw. */
  readonly onSpans: (module: string, message: unknown) => void;
}

/**
 * Keeps one module running.
 *
 * S1. At most one process of it exists at any time; the next one starts only after the exit of the one before.
 * S2. Every timer belongs to one status and is cancelled when the status is left.
 * S3. After `stop` was called nothing is started any more.
 */
export class SupervisedModule {
  readonly #spec: ModuleSpec;
  readonly #around: Surroundings;
  #status: ModuleStatus = 'stopped';
  #since: number;
  #process: ModuleProcess | undefined;
  #listen: string | undefined;
  #starts = 0;
  #failures = 0;
  #unanswered = 0;
  #lastExit: ModuleExit | undefined;
  #stopping = false;
  readonly #timers = new Set<() => void>();
  readonly #watchers = new Set<() => void>();

  constructor(spec: ModuleSpec, around: Surroundings) {
    this.#spec = spec;
    this.#around = around;
    this.#since = around.clock.now();
  }

  /** Starts it for the first time. Returns at once. */
  start(): void {
    if (this.#starts === 0 && !this.#stopping) this.#launch();
  }

  state(): ModuleState {
    return {
      id: this.#spec.id,
      status: this.#status,
      pid: this.#process?.pid ?? null,
      listen: this.#status === 'running' ? (this.#listen ?? null) : null,
      restarts: Math.max(0, this.#starts - 1),
      last_exit: this.#lastExit ?? null,
      since: isoTime(this.#since),
    };
  }

  /** Calls `watch` after every change of the status, until the returned function is called. */
  watch(watch: () => void): () => void {
    this.#watchers.add(watch);
    return () => this.#watchers.delete(watch);
  }

  /** Whether it will never run (again). */
  get ended(): boolean {
    return this.#status === 'stopped' && (this.#stopping || this.#starts > 0);
  }

  /** Lets it finish what is under way, then ends it. Resolves when no process of it is left. */
  stop(): Promise<void> {
    const wasStopping = this.#stopping;
    this.#stopping = true;
    if (this.#process === undefined) {
      this.#enter('stopped');
      return Promise.resolve();
    }
    const stopped = new Promise<void>((resolve) => {
      const unwatch = this.watch(() => {
        if (this.#status !== 'stopped') return;
        unwatch();
        resolve();
      });
    });
    if (!wasStopping) this.#requestShutdown(this.#process);
    return stopped;
  }

  #requestShutdown(running: ModuleProcess): void {
    if (this.#status === 'starting') return running.kill('it was stopped before it had started');
    const { drainMs } = this.#around.times;
    this.#after(drainMs, () => running.kill(`it did not end within ${drainMs} ms of the shutdown`));
    return running.send({ op: 'shutdown' });
  }

  #launch(): void {
    const { clock, orchestratorApi, times } = this.#around;
    const { id, listen, env = {}, authToken } = this.#spec;
    const init: ModuleInit = {
      orchestrator_api: orchestratorApi,
      module_id: id,
      env: { ...env },
      listen,
      ...(authToken === undefined ? {} : { auth_token: authToken }),
    };
    this.#starts += 1;
    this.#listen = undefined;
    const launched = startModuleProcess(this.#spec, init, {
      onMessage: (message) => this.#receive(message),
      onSpans: (message) => this.#around.onSpans(id, message),
      onExit: (exit) => this.#exited({ ...exit, at: isoTime(clock.now()) }),
      onLog: (entry) => this.#around.log({ ...entry, module: id }),
    });
    this.#process = launched;
    this.#enter('starting');
    this.#after(times.startTimeoutMs, () => launched.kill(`it announced nothing within ${times.startTimeoutMs} ms`));
  }

  #receive(message: ModuleMessage): void {
    if (message.op === 'heartbeat_ack') {
      this.#unanswered = 0;
      return;
    }
    if (this.#stopping || this.#status === 'running') return;
    if (!/^\S+:\d{1,5}$/.test(message.listen)) {
      this.#process?.kill(`it announced "${message.listen.slice(0, 100)}", which is no address`);
      return;
    }
    this.#listen = message.listen;
    this.#unanswered = 0;
    this.#enter('running');
    this.#after(this.#around.times.healthyAfterMs, () => (this.#failures = 0));
    this.#beat();
    this.#say('info', `it listens on ${message.listen}`);
  }

  #beat(): void {
    const { heartbeatMs, missedHeartbeats } = this.#around.times;
    this.#after(heartbeatMs, () => {
      if (this.#stopping) return;
      if (this.#unanswered >= missedHeartbeats) {
        this.#process?.kill(`it did not answer ${missedHeartbeats} heartbeats`);
        return;
      }
      this.#unanswered += 1;
      this.#process?.send({ op: 'heartbeat' });
      this.#beat();
    });
  }

  #exited(exit: ModuleExit): void {
    const { random, times } = this.#around;
    this.#process = undefined;
    this.#lastExit = exit;
    if (this.#stopping || this.#spec.restart === 'never') {
      this.#say('info', `${exit.reason}; it is not started again`);
      return this.#enter('stopped');
    }
    const delayMs = backOffMs(this.#failures, { min: times.backOffMinMs, max: times.backOffMaxMs }, random);
    this.#failures += 1;
    this.#say('error', `${exit.reason}; it is started again in ${Math.round(delayMs)} ms`);
    this.#enter('backing_off');
    return this.#after(delayMs, () => this.#launch());
  }

  #enter(status: ModuleStatus): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#status = status;
    this.#since = this.#around.clock.now();
    for (const watch of this.#watchers) watch();
  }

  #after(delayMs: number, run: () => void): void {
    const cancel = this.#around.clock.schedule(delayMs, () => {
      this.#timers.delete(cancel);
      run();
    });
    this.#timers.add(cancel);
  }

  #say(level: ModuleLogEntry['level'], text: string): void {
    this.#around.log({ module: this.#spec.id, source: 'supervisor', level, text });
  }
}
