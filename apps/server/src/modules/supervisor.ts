import { isDeepStrictEqual } from 'node:util';
import {
  ModuleHub,
  type ModuleHubOptions,
  PortPool,
  type Registration,
  type RoutedRequest,
  type Transport,
} from '@loopwright/module-sdk';
import {
  type Clock,
  type ModuleChanges,
  ORCHESTRATOR_ID,
  PlatformError,
  type Random,
  systemClock,
  systemRandom,
} from '@loopwright/protocol';
import { type CgroupPlace, Cgroups } from './limits/cgroups.ts';
import {
  type ModuleLogEntry,
  type ModuleSpec,
  type ModuleState,
  SUPERVISION_TIMES,
  type SupervisionTimes,
} from './module-spec.ts';
import {
  type ModulePermissions,
  maySendTo,
  mayProvideService,
  mayUseService,
  mayUseTopic,
} from './permissions/module-permissions.ts';
import { askModule, unavailable } from './requests/ask-module.ts';
import type { AlertChange } from './sla/sla-watch.ts';
import { SupervisedModule, type Surroundings } from './supervised-module.ts';

/** What a {@link Supervisor} is made from. */
export interface SupervisorOptions {
  readonly modules: readonly ModuleSpec[];
  /** Reads them again; left out: they stay what they are. */
  readonly readAgain?: () => Promise<readonly ModuleSpec[]>;
  /** URL under which modules reach the control plane. */
  readonly orchestratorApi: string;
  /** Takes what modules write to their streams and what the supervisor has to say. Must not throw. */
  readonly log: (entry: ModuleLogEntry) => void;
  /** Takes what a module says of its spans, unread; must not throw. Left out: nobody wants it. */
  readonly onSpans?: (module: string, message: unknown) => void;
  /** Told of what begins to be wrong with a module, and of what is over; must not throw. */
  readonly onAlert?: (module: string, change: AlertChange) => void;
  /** Services that the host itself has for its modules. */
  readonly connectors?: ModuleHubOptions['connectors'];
  /** Where control groups are. */
  readonly cgroups?: CgroupPlace;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Replaces some of {@link SUPERVISION_TIMES}. */
  readonly times?: Partial<SupervisionTimes>;
}

/**
 * Runs the modules of the server: starts them, watches them, starts them again with growing pauses, replaces and drains them, and knows what each of them may. When
 * this process dies without a word, its modules see their standard input close and end by themselves.
 */
export class Supervisor {
  readonly id = 'modules';
  readonly #around: Surroundings;
  readonly #readAgain: () => Promise<readonly ModuleSpec[]>;
  #modules: ReadonlyMap<string, SupervisedModule> = new Map();
  /** Those that are configured no more, and are there still. */
  readonly #leaving = new Set<SupervisedModule>();
  #hasStarted = false;
  readonly #hub: ModuleHub;
  readonly #clock: Clock;
  readonly #times: SupervisionTimes;

  constructor(options: SupervisorOptions) {
    const { clock = systemClock, random = systemRandom } = options;
    this.#clock = clock;
    this.#times = { ...SUPERVISION_TIMES, ...options.times };
    const permissionsOf = (id: string): ModulePermissions => this.#knownOrLeaving(id)?.spec.permissions ?? {};
    this.#hub = new ModuleHub({
      clock,
      random,
      connectors: options.connectors ?? [],
      mayUse: (id, type) => mayUseService(permissionsOf(id), type),
      mayProvide: (id, type) => mayProvideService(permissionsOf(id), type),
      maySend: (id, target, endpoint) => maySendTo(permissionsOf(id), target, endpoint),
      mayUseTopic: (id, _action, topic) => mayUseTopic(permissionsOf(id), topic),
    });
    const host = {
      hub: this.#hub,
      ports: new PortPool({ random }),
      cgroups: new Cgroups(options.cgroups),
      orchestratorApi: options.orchestratorApi,
      clock,
      random,
      onSpans: options.onSpans ?? ((): void => undefined),
    };
    this.#readAgain = options.readAgain ?? ((): Promise<readonly ModuleSpec[]> => Promise.resolve(options.modules));
    this.#around = { host, times: this.#times, log: options.log, onAlert: options.onAlert ?? ((): void => undefined) };
    this.configure(options.modules);
  }

  /**
   * Takes another list of modules. What is new is started, once this one is; what is gone answers what it was asked and is ended; what is configured in another way is
   * replaced, and no request refused; all else is untouched. Returns at once.
   *
   * @throws RangeError for a list with a wrong id; then nothing has changed.
   */
  configure(specs: readonly ModuleSpec[]): ModuleChanges {
    checkIds(specs);
    const before = this.#modules;
    const changes: ModuleChanges = { started: [], replaced: [], stopped: [], unchanged: [] };
    this.#modules = new Map(
      specs.map((spec) => {
        const old = before.get(spec.id);
        if (old === undefined || isAttached(old.spec) !== isAttached(spec)) {
          changes.started.push(spec.id);
          return [spec.id, new SupervisedModule(spec, this.#around)];
        }
        const isSame = isDeepStrictEqual(comparable(old.spec), comparable(spec));
        changes[isSame ? 'unchanged' : 'replaced'].push(spec.id);
        // What goes wrong is said in its log, and the run that serves goes on.
        if (!isSame) old.configure(spec).catch(() => undefined);
        return [spec.id, old];
      }),
    );
    for (const [id, old] of before) {
      if (this.#modules.get(id) === old) continue;
      if (!this.#modules.has(id)) changes.stopped.push(id);
      this.#leaving.add(old);
      void old.retire().finally(() => this.#leaving.delete(old));
    }
    if (this.#hasStarted) for (const id of changes.started) this.#modules.get(id)?.start();
    return changes;
  }

  /** Takes what has changed in their configuration; see {@link Supervisor.configure}. @throws `INVALID_CONFIGURATION` with line and place of what is wrong; then nothing has changed. */
  async reload(): Promise<ModuleChanges> {
    return this.configure(await this.#readAgain());
  }

  /** Starts all modules and returns at once. See {@link Supervisor.waitUntilRunning}. */
  start(): void {
    this.#hasStarted = true;
    for (const module of this.#modules.values()) module.start();
  }

  /** How every module is, for `/health`. */
  state(): ModuleState[] {
    return [...this.#modules.values()].map((module) => module.state());
  }

  /** All modules, in the order of their configuration. */
  get modules(): readonly SupervisedModule[] {
    return [...this.#modules.values()];
  }

  /** @throws `MODULE_NOT_FOUND` */
  module(id: string): SupervisedModule {
    const module = this.#modules.get(id);
    if (module === undefined) throw new PlatformError('MODULE_NOT_FOUND', `Cannot find the module "${id}": it is not configured`);
    return module;
  }

  /** `http://host:port` of a running module. @throws `SERVICE_UNAVAILABLE` when it does not run now, or has no port. */
  address(id: string): string {
    const module = this.#known(id);
    const { listen, status } = module.state();
    const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(listen ?? '') ?? [];
    if (listen === null || status !== 'running' || host === '') throw unavailable(module);
    return `http://${REACHABLE.get(host) ?? (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host)}:${port}`;
  }

  /**
   * Sends a request to a module, over the better of its ways; waits while it is being started or replaced. See {@link askModule}.
   *
   * @throws `SERVICE_UNAVAILABLE` when it is not configured, or no run of it takes the request
   */
  request(id: string, request: RoutedRequest): ReturnType<typeof askModule> {
    return askModule(this.#known(id), request, { clock: this.#clock, patienceMs: this.#times.patienceMs });
  }

  /** Takes up a module that has come by itself and has shown what it must. Gives `false` when it is not wanted now. */
  attach(id: string, transport: Transport, registration?: Registration): boolean {
    return this.#known(id).attach(transport, registration);
  }

  /** Waits until a module runs. @throws `SERVICE_UNAVAILABLE` after the time, or as soon as it will not run any more. */
  waitUntilRunning(id: string, timeoutMs: number): Promise<void> {
    const module = this.#known(id);
    return new Promise((resolve, reject) => {
      const settle = (expired: boolean): boolean => {
        if (module.status === 'running') resolve();
        else if (expired || module.ended) reject(unavailable(module));
        else return false;
        return true;
      };
      if (settle(timeoutMs <= 0)) return;
      const finish = (expired: boolean): void => {
        if (!settle(expired)) return;
        cancel();
        unwatch();
      };
      const cancel = this.#clock.schedule(timeoutMs, () => finish(true));
      const unwatch = module.watch(() => finish(false));
    });
  }

  /** Drains and ends all modules; resolves when none of their processes is left. May be called twice. */
  async stop(): Promise<void> {
    // What is configured from now on is not started.
    this.#hasStarted = false;
    await Promise.all([...this.#modules.values(), ...this.#leaving].map((module) => module.close()));
    this.#hub.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #knownOrLeaving(id: string): SupervisedModule | undefined {
    return this.#modules.get(id) ?? [...this.#leaving].find(({ spec }) => spec.id === id);
  }

  #known(id: string): SupervisedModule {
    const module = this.#modules.get(id);
    if (module === undefined)
      throw new PlatformError('SERVICE_UNAVAILABLE', `Cannot reach the module "${id}": it is not configured`);
    return module;
  }
}

function checkIds(specs: readonly ModuleSpec[]): void {
  const ids = new Set(specs.map(({ id }) => id));
  if (ids.size !== specs.length) throw new RangeError('Cannot supervise modules: an id is there twice');
  if (ids.has(ORCHESTRATOR_ID)) throw new RangeError(`Cannot supervise a module "${ORCHESTRATOR_ID}": the id is the host's`);
}

/** What of a configuration is its user's: a token is made anew each time it is read. */
function comparable({ authToken: _token, secrets: _secrets, ...spec }: ModuleSpec): object {
  return spec;
}

function isAttached({ launch }: ModuleSpec): boolean {
  return launch.kind === 'attach';
}

/** Addresses to listen on and where this machine reaches them. */
const REACHABLE: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '[::1]'],
  ['[::]', '[::1]'],
]);
