// N1. A run ends once, with one exit, and lets go of its channel, its sockets and its timers then.
import type { FailoverClient, Redactor, Registration, RotationOutcome, Transport } from '@loopwright/module-sdk';
import { type ModuleExit, type ModuleLogEntry, type ModuleSpec, type SupervisionTimes } from '../module-spec.ts';
import { isoTime } from '@loopwright/protocol';
import type { ModulePermissions } from '../permissions/module-permissions.ts';
import type { ProcessUse } from '../limits/process-tree.ts';
import { RunLimits } from '../limits/run-limits.ts';
import { type Announcement, type ModuleHost, ModuleLink } from './module-link.ts';
import { type ProcessExit, startModuleProcess } from './module-process.ts';
import { Timers } from './timers.ts';

/** What a {@link ModuleRun} is made with. */
export interface ModuleRunOptions {
  readonly spec: ModuleSpec;
  /** What it may now. */
  readonly permissions: () => ModulePermissions;
  readonly host: ModuleHost;
  readonly times: SupervisionTimes;
  /** Of a module that came to us; left out: a process is started. */
  readonly attached?: { readonly transport: Transport; readonly registration: Registration | undefined };
  readonly redactor: Redactor;
  /** Called once when it is up; never after `onEnd`. */
  readonly onAnnounce: (announcement: Announcement) => void;
  /** Called once when nothing of it is left. Never before the constructor has returned. */
  readonly onEnd: (exit: ModuleExit) => void;
  readonly log: (entry: Omit<ModuleLogEntry, 'module'>) => void;
}

/** One run of a module, from the start of its process (or its arrival) to its end. */
export class ModuleRun {
  readonly #options: ModuleRunOptions;
  readonly #link: ModuleLink;
  readonly pid: number | null;
  readonly #kill: (reason: string) => void;
  readonly #timers: Timers;
  #limits: RunLimits | undefined;
  #unanswered = 0;
  #isShuttingDown = false;
  #hasEnded = false;
  #health: 'healthy' | 'unhealthy' | 'unknown' = 'unknown';

  constructor(options: ModuleRunOptions) {
    const { spec, permissions, host, times, attached, redactor, log } = options;
    this.#options = options;
    this.#timers = new Timers(host.clock);
    const child = attached === undefined ? this.#spawn() : undefined;
    this.pid = child?.pid ?? null;
    const transport = attached?.transport ?? child?.transport;
    if (transport === undefined) throw new RangeError(`Cannot run the module "${spec.id}": it is not attached`);
    let killReason: string | undefined;
    this.#kill = (reason) => {
      if (child !== undefined) return child.kill(reason);
      killReason ??= reason;
      return this.#link.abort();
    };
    this.#link = new ModuleLink({
      spec,
      permissions,
      host,
      transport,
      redactor,
      log,
      onHeartbeat: () => (this.#unanswered = 0),
      onAnnounce: (announcement) => this.#announced(announcement),
      onBroken: (reason) => this.kill(reason),
      onClose: () => {
        if (child === undefined) this.#ended({ code: null, signal: null, reason: killReason ?? 'it closed its connection' });
        else if (!this.#isShuttingDown) this.#timers.after(CLOSED_MS, () => child.kill('it closed its channel'));
      },
    });
    void child?.exited.then((exit) => this.#ended(exit));
    this.#timers.after(times.startTimeoutMs, () => this.kill(`it announced nothing within ${times.startTimeoutMs} ms`));
    this.#link.start();
  }

  /** Requests to it; `undefined` before it is up and after its end. */
  get http(): FailoverClient | undefined {
    return this.#hasEnded ? undefined : this.#link.http;
  }

  get announcement(): Announcement | undefined {
    return this.#link.announcement;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whether its channel is open still. */
  get isOpen(): boolean {
    return !this.#hasEnded && !this.#link.isClosed;
  }

  /** What it uses now; `undefined` where that cannot be seen. */
  get use(): ProcessUse | undefined {
    return this.pid === null ? undefined : this.#limits?.use(this.pid);
  }

  /** Who keeps its limits; `undefined` when it has none. */
  get limitsKeptBy(): 'cgroup' | 'proc' | undefined {
    return this.#limits?.keptBy;
  }

  /** What it says of itself; `undefined` for one that has not registered. */
  get registration(): Registration | undefined {
    return this.#options.attached?.registration;
  }

  /** How it was configured when it was started. */
  get spec(): ModuleSpec {
    return this.#options.spec;
  }

  /** What the last check of its health said; where there is none, its own heartbeat. */
  get health(): 'healthy' | 'degraded' | 'unhealthy' | 'unknown' {
    if (this.#options.spec.healthCheck !== undefined) return this.#health;
    return OWN_HEALTH[this.registration?.status ?? 'unknown'];
  }

  /** From now on this run gets the messages to the module. */
  activate(): void {
    this.#link.activate();
  }

  rotate(names: readonly string[]): Promise<RotationOutcome> {
    return this.#link.rotate(names);
  }

  /** Asks it to finish and to end, and ends it after the time to drain. May be called again. */
  shutDown(): void {
    if (this.#isShuttingDown || this.#hasEnded) return;
    if (this.announcement === undefined) return this.kill('it was stopped before it had started');
    const { drainMs } = this.#options.times;
    this.#isShuttingDown = true;
    this.#timers.clear();
    this.#timers.after(drainMs, () => this.kill(`it did not end within ${drainMs} ms of the shutdown`));
    return this.#link.send({ op: 'shutdown' });
  }

  /** Lets it answer what it was asked, for so long as it may take, and asks it to end. */
  async finish(): Promise<void> {
    const { host, times } = this.#options;
    const late = Promise.withResolvers<void>();
    const cancel = host.clock.schedule(times.drainMs, late.resolve);
    await Promise.race([this.http?.drain(), late.promise]);
    cancel();
    this.shutDown();
  }

  /** Ends it at once. */
  kill(reason: string): void {
    if (!this.#hasEnded) this.#kill(reason);
  }

  #spawn(): ReturnType<typeof startModuleProcess> {
    const { spec, host, times, log } = this.#options;
    const { launch, limits = {} } = spec;
    if (launch.kind === 'attach') throw new RangeError(`Cannot start the module "${spec.id}": somebody else does`);
    const kept = new RunLimits(spec.id, limits, host.cgroups);
    this.#limits = kept;
    if (limits.cpus !== undefined && kept.keptBy !== 'cgroup')
      log({ source: 'supervisor', level: 'warn', text: `its limit of processors is not kept: ${host.cgroups.reason}` });
    const child = startModuleProcess(launch, {
      memoryMb: limits.memoryMb,
      limits: kept,
      clock: host.clock,
      onStderr: (text) => log({ source: 'stderr', level: 'info', text }),
    });
    if (child.pid !== null)
      kept.watch(child.pid, { clock: host.clock, everyMs: times.watchMs, onOver: (reason) => child.kill(reason) });
    return child;
  }

  #announced(announcement: Announcement): void {
    if (this.#hasEnded || this.#isShuttingDown) return;
    this.#timers.clear();
    this.#unanswered = 0;
    this.#beat();
    this.#checkHealthLater(0);
    this.#options.onAnnounce(announcement);
  }

  #beat(): void {
    const { heartbeatMs, missedHeartbeats } = this.#options.times;
    this.#timers.after(heartbeatMs, () => {
      if (this.#unanswered >= missedHeartbeats) return this.kill(`it did not answer ${missedHeartbeats} heartbeats`);
      this.#unanswered += 1;
      this.#link.send({ op: 'heartbeat' });
      return this.#beat();
    });
  }

  #checkHealthLater(failures: number): void {
    const { healthCheck } = this.#options.spec;
    if (healthCheck === undefined) return;
    this.#timers.after(healthCheck.everyMs, () => void this.#checkHealth(failures, healthCheck));
  }

  async #checkHealth(failures: number, { path, failures: limit }: NonNullable<ModuleSpec['healthCheck']>): Promise<void> {
    const timeoutMs = HEALTH_TIMEOUT_MS;
    const answer = this.http?.request({ method: 'GET', uri: path, timeoutMs, priority: 'high' });
    const isWell = await Promise.resolve(answer).then(
      (response) => {
        if (response?.body instanceof ReadableStream) void response.body.cancel();
        return response !== undefined && response.status < 400;
      },
      () => false,
    );
    if (this.#hasEnded || this.#isShuttingDown) return;
    this.#health = isWell ? 'healthy' : 'unhealthy';
    if (!isWell && failures + 1 >= limit) return this.kill(`${path} said ${limit} times that it is not well`);
    return this.#checkHealthLater(isWell ? 0 : failures + 1);
  }

  #ended(exit: ProcessExit): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#timers.clear();
    this.#link.abort();
    this.#options.onEnd({ ...exit, at: isoTime(this.#options.host.clock.now()) });
  }
}

/** A process that has closed its channel is about to end; otherwise it is ended after this time. */
const CLOSED_MS = 1000;
const HEALTH_TIMEOUT_MS = 5000;
const OWN_HEALTH = { Healthy: 'healthy', Degraded: 'degraded', Unhealthy: 'unhealthy', unknown: 'unknown' } as const;
