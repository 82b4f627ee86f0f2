import { isDeepStrictEqual } from 'node:util';
import type { Registration, RotationOutcome, Transport } from '@loopwright/module-sdk';
import { isoTime } from '@loopwright/protocol';
import type { ModuleLog } from './log/module-log.ts';
import { ModuleVoice } from './log/module-voice.ts';
import { startFailed, wrongState } from './module-refusals.ts';
import type { ModuleExit, ModuleLogEntry, ModuleSpec, ModuleState, ModuleStatus, SupervisionTimes } from './module-spec.ts';
import { ModuleStanding } from './module-standing.ts';
import { closedRoutes } from './permissions/module-permissions.ts';
import { type AlertChange, alertText, SlaWatch } from './sla/sla-watch.ts';
import { isServing } from './sla/is-serving.ts';
import type { Announcement, ModuleHost } from './run/module-link.ts';
import { ModuleRun, type ModuleRunOptions } from './run/module-run.ts';
import { RestartPolicy } from './run/restart-policy.ts';

/** What a {@link SupervisedModule} needs from its surroundings. */
export interface Surroundings {
  readonly host: ModuleHost;
  readonly times: SupervisionTimes;
  readonly log: (entry: ModuleLogEntry) => void;
  /** Told of each alert that begins or is over; must not throw. */
  readonly onAlert: (module: string, change: AlertChange) => void;
}

/** In these a request waits for the next run. */
const COMING: ReadonlySet<ModuleStatus> = new Set(['starting', 'replacing', 'backing_off']);

/**
 * Keeps one module running.
 *
 * S1. One run serves. A second one exists only beside it while it takes its place, or finishes what it had begun.
 * S2. After `close` was called nothing is started any more; after `stop` nothing until `start`.
 */
export class SupervisedModule {
  readonly #around: Surroundings;
  readonly #voice: ModuleVoice;
  readonly #standing: ModuleStanding;
  readonly #policy: RestartPolicy;
  /** What is promised of it, and what is measured. */
  readonly sla: SlaWatch;
  #spec: ModuleSpec;
  #current: ModuleRun | undefined;
  /** Is to take the place of the current one. */
  #next: { readonly run: ModuleRun; readonly settle: PromiseWithResolvers<void> } | undefined;
  readonly #leaving = new Set<ModuleRun>();
  #starts = 0;
  #inFlight = 0;
  #lastExit: ModuleExit | undefined;
  #isWanted = false;
  #hasBegun = false;
  #isClosed = false;

  constructor(spec: ModuleSpec, around: Surroundings) {
    const { clock, random } = around.host;
    this.#spec = spec;
    this.#around = around;
    this.#standing = new ModuleStanding(clock);
    this.#policy = new RestartPolicy(around.times, random);
    this.#voice = new ModuleVoice(spec.id, { clock, out: around.log });
    this.sla = new SlaWatch(clock, {
      config: () => this.#spec.promises ?? {},
      onAlert: (change) => this.#alerted(change),
    });
    this.#standing.watch(() => this.sla.figures.stand(isServing(this.status, this.#starts)));
    if (spec.authToken !== undefined) this.#voice.redactor.add(spec.authToken);
  }

  /** How it is configured now. */
  get spec(): ModuleSpec {
    return this.#spec;
  }

  get log(): ModuleLog {
    return this.#voice.log;
  }

  get status(): ModuleStatus {
    return this.#standing.status;
  }

  state(): ModuleState {
    return {
      id: this.#spec.id,
      status: this.status,
      required: this.#spec.isRequired ?? true,
      pid: this.#current?.pid ?? null,
      listen: this.#current?.announcement?.listen ?? null,
      restarts: Math.max(0, this.#starts - 1),
      last_exit: this.#lastExit ?? null,
      since: isoTime(this.#standing.since),
    };
  }

  /** The run that serves, or `undefined`. */
  get current(): ModuleRun | undefined {
    return this.#current;
  }

  /** Whether another run is about to take the place of the current one. */
  get isReplacing(): boolean {
    return this.#next !== undefined || this.status === 'replacing';
  }

  /** The run that takes requests: `undefined` when there is none, and `coming` when there will be one. */
  get taker(): ModuleRun | 'coming' | undefined {
    // One whose channel has ended is about to end itself.
    if (this.status === 'running' && this.#current?.isOpen === true) return this.#current;
    if (this.status === 'running') return 'coming';
    return (COMING.has(this.status) || !this.#hasBegun) && !this.#isClosed ? 'coming' : undefined;
  }

  /** Calls `watch` after every change of the status, until the returned function is called. */
  watch(watch: () => void): () => void {
    return this.#standing.watch(watch);
  }

  /** Whether it will not run by itself (again). */
  get ended(): boolean {
    return (this.status === 'stopped' && (this.#isClosed || this.#starts > 0)) || this.status === 'failed';
  }

  /** Why its limits are not kept by the kernel; `null` where they are, or nobody has tried. */
  get withoutCgroups(): string | null {
    return this.#around.host.cgroups.reason ?? null;
  }

  /** Requests that have no answer yet. */
  get requestsInFlight(): number {
    return this.#inFlight;
  }

  /** Counts a request until the returned function is called: a module is drained when there is none. */
  holdRequest(): () => void {
    this.#inFlight += 1;
    return () => {
      this.#inFlight -= 1;
      if (this.#inFlight === 0 && this.status === 'draining') this.#standing.enter('drained');
    };
  }

  /** Starts it, or lets a drained one take requests again. Returns at once. */
  start(): void {
    if (this.#isClosed || this.status === 'stopping') return;
    this.#isWanted = true;
    this.#hasBegun = true;
    this.#policy.reset();
    this.sla.start();
    if (this.status === 'draining' || this.status === 'drained') this.#serveAgain();
    else if (this.#current === undefined && this.#spec.launch.kind === 'attach') this.#standing.enter('waiting');
    else if (this.#current === undefined && !COMING.has(this.status)) this.#launch();
    else if (this.status === 'backing_off') this.#launch();
  }

  #serveAgain(): void {
    this.#standing.enter('running');
    // It was configured anew meanwhile. What goes wrong is in its log.
    if (this.#current?.spec !== this.#spec && this.#spec.launch.kind !== 'attach') this.replace().catch(() => undefined);
  }

  /** Gives it no more requests; it is drained when those under way have their answers. It goes on to run. @throws `INVALID_STATE` */
  drain(): void {
    if (this.status !== 'running' || this.#next !== undefined) throw wrongState(this.#spec, 'drain', this);
    this.#standing.enter(this.#inFlight === 0 ? 'drained' : 'draining');
  }

  /** Lets it finish what is under way, then ends it, and starts nothing until `start`. Resolves when no process of it is left. */
  stop(): Promise<void> {
    this.#isWanted = false;
    this.#next?.run.kill('it is not needed any more');
    if (this.#current === undefined) this.#enterStopped();
    else if (this.status !== 'stopping') {
      this.#standing.enter('stopping');
      this.#current.shutDown();
    }
    return this.#untilGone();
  }

  /** As `stop`, for good. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.sla.stop();
    for (const run of this.#leaving) run.shutDown();
    return this.stop();
  }

  /** Ends it and starts it again; what is not running is started. Requests wait meanwhile. */
  restart(): void {
    if (this.#isClosed) return;
    const run = this.#current;
    if (run === undefined || this.status === 'stopping') return this.start();
    this.#isWanted = true;
    this.#standing.enter('replacing');
    run.shutDown();
  }

  /**
   * Puts a new run in the place of the current one, so that no request is refused: beside it where both can be at work, otherwise after it, while requests wait.
   * Resolves when the new one serves.
   *
   * @throws `INVALID_STATE` when it does not run, or somebody else starts it; `MODULE_START_FAILED` when the new one does not come up: then the old one goes on, unless
   * the module is `exclusive`.
   */
  replace(): Promise<void> {
    const run = this.#current;
    if (run === undefined || this.status !== 'running' || this.#spec.launch.kind === 'attach')
      throw wrongState(this.#spec, 'replace', this);
    if (this.#next !== undefined) return this.#next.settle.promise;
    if (this.#spec.replace === 'exclusive') return this.#replaceExclusively(run);
    this.#starts += 1;
    return this.#expectNext(this.#begin());
  }

  /** Takes up a module that has come by itself; it takes the place of the one that is there when it is up. Gives `false` when it is not wanted. */
  attach(transport: Transport, registration?: Registration): boolean {
    if (this.#isClosed || !this.#isWanted) return false;
    if (this.#next !== undefined) return false;
    this.#starts += 1;
    if (this.#current === undefined) {
      this.#current = this.#begin({ transport, registration });
      this.#standing.enter('starting');
      return true;
    }
    this.#expectNext(this.#begin({ transport, registration })).catch(() => undefined);
    return true;
  }

  /**
   * Takes another configuration: what is looked up for each request (its permissions) holds at once, the rest from the next run on. One that runs is replaced, and no
   * request refused; one that does not come up as configured is started. One that people have stopped or drained stays so. Who attaches is asked to come again only when
   * it has to show something else. Resolves when the run that serves has it.
   *
   * @throws `MODULE_START_FAILED` When the new run does not come up: the old one goes on, as in {@link SupervisedModule.replace}.
   */
  async configure(spec: ModuleSpec): Promise<void> {
    const before = this.#spec;
    // Other parts know the token already.
    this.#spec = { ...spec, ...(before.authToken === undefined ? {} : { authToken: before.authToken }) };
    if (spec.launch.kind === 'attach') {
      if (isDeepStrictEqual(before.launch, spec.launch)) return;
      this.#next?.run.kill('it has to show something else');
      this.#current?.shutDown();
      return;
    }
    // It has the configuration from before.
    while (this.#next !== undefined) {
      this.#next.run.kill('it was configured anew');
      await this.#standing.nextChange();
    }
    if (this.#isClosed || (!this.#isWanted && this.#hasBegun)) return;
    if (this.status === 'running') await this.replace();
    else if (this.status === 'starting') this.restart();
    else if (this.#current === undefined) this.start();
  }

  /** Gives it no more requests, lets it answer those under way, and ends it for good. Resolves when no process of it is left. */
  async retire(): Promise<void> {
    this.#isClosed = true;
    this.#isWanted = false;
    const run = this.#current;
    if (run?.announcement !== undefined && this.status !== 'stopping') {
      this.#standing.enter('stopping');
      await run.finish();
    }
    await this.close();
  }

  /** Tells it of new secrets. */
  rotate(names: readonly string[]): Promise<RotationOutcome> {
    return this.#current?.announcement === undefined ? Promise.resolve({ status: 'gone' }) : this.#current.rotate(names);
  }

  #launch(): void {
    this.#starts += 1;
    this.#current = this.#begin();
    this.#standing.enter('starting');
  }

  #begin(attached?: ModuleRunOptions['attached']): ModuleRun {
    const { host, times } = this.#around;
    const run: ModuleRun = new ModuleRun({
      spec: this.#spec,
      permissions: () => this.#spec.permissions ?? {},
      host,
      times,
      redactor: this.#voice.redactor,
      ...(attached === undefined ? {} : { attached }),
      onAnnounce: (announcement) => this.#announced(run, announcement),
      onEnd: (exit) => this.#ended(run, exit),
      log: (entry) => this.#voice.tell(entry),
    });
    return run;
  }

  #expectNext(run: ModuleRun): Promise<void> {
    const settle = Promise.withResolvers<void>();
    this.#next = { run, settle };
    return settle.promise;
  }

  async #replaceExclusively(run: ModuleRun): Promise<void> {
    this.#standing.enter('replacing');
    await run.finish();
    while (this.status === 'replacing' || this.status === 'starting') await this.#standing.nextChange();
    if (this.status !== 'running') throw startFailed(this.#spec.id, this.#lastExit?.reason ?? 'it was stopped');
  }

  #announced(run: ModuleRun, { listen, endpoints }: Announcement): void {
    // It was told to end, and had this on its way.
    if (this.#isClosed || !this.#isWanted) return;
    const closed = closedRoutes(this.#spec.permissions ?? {}, endpoints);
    if (closed !== undefined) this.#voice.say('warn', closed);
    if (run === this.#next?.run) {
      const [old, { settle }] = [this.#current, this.#next];
      this.#current = run;
      this.#next = undefined;
      run.activate();
      if (old !== undefined) {
        this.#leaving.add(old);
        void old.finish();
      }
      settle.resolve();
    } else if (run === this.#current && this.status === 'starting') run.activate();
    else return;
    this.#standing.enter('running');
    this.#standing.after(this.#around.times.healthyAfterMs, () => this.#policy.reset());
    this.#voice.say('info', `it listens on ${listen}`);
  }

  #ended(run: ModuleRun, exit: ModuleExit): void {
    if (this.#leaving.delete(run)) {
      this.#voice.say('info', `${exit.reason}, after another run had taken its place`);
      return this.#standing.tell();
    }
    if (run === this.#next?.run) {
      const { settle } = this.#next;
      this.#next = undefined;
      this.#voice.say('error', `${exit.reason}, before it could take the place of the run that serves`);
      settle.promise.catch(() => undefined);
      settle.reject(startFailed(this.#spec.id, exit.reason));
      if (this.#current !== undefined) return this.#standing.tell();
    }
    this.#current = undefined;
    this.#lastExit = exit;
    if (this.#isClosed || !this.#isWanted) return this.#enterStopped(exit);
    // It serves as soon as it is up.
    if (this.#next !== undefined) return this.#standing.enter('starting');
    if (this.#spec.launch.kind === 'attach') {
      this.#voice.say('info', exit.reason);
      return this.#standing.enter('waiting');
    }
    if (this.status === 'replacing') return this.#launch();
    // The next run would take requests.
    if (this.status === 'draining' || this.status === 'drained') return this.#enterStopped(exit);
    return this.#again(exit);
  }

  /** What follows an end that nobody asked for. */
  #again(exit: ModuleExit): void {
    const next = this.#policy.after(exit, this.#spec);
    if (next.kind === 'stopped') return this.#enterStopped(exit);
    if (next.kind === 'given_up') {
      this.#voice.say('error', `${exit.reason}; it is given up after ${next.attempts} failures in a row`);
      return this.#standing.enter('failed');
    }
    this.#voice.say('error', `${exit.reason}; it is started again in ${Math.round(next.delayMs)} ms`);
    this.#standing.enter('backing_off');
    return this.#standing.after(next.delayMs, () => this.#launch());
  }

  #alerted(change: AlertChange): void {
    this.#voice.say(change.kind === 'raised' ? 'warn' : 'info', alertText(change));
    this.#around.onAlert(this.#spec.id, change);
  }

  #enterStopped(exit?: ModuleExit): void {
    if (exit !== undefined) this.#voice.say('info', `${exit.reason}; it is not started again`);
    this.#standing.enter('stopped');
  }

  async #untilGone(): Promise<void> {
    const isGone = (): boolean => this.#current === undefined && this.#next === undefined && this.#leaving.size === 0;
    while (!isGone()) await this.#standing.nextChange();
  }
}
