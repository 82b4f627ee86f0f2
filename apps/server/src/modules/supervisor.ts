import { ModuleHub, PortPool, type RoutedRequest, type ServiceConnector, type Transport } from '@loopwright/module-sdk';
import { type Clock, ORCHESTRATOR_ID, PlatformError, type Random, systemClock, systemRandom } from '@loopwright/protocol';
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
import { SupervisedModule } from './supervised-module.ts';

/** What a {@link Supervisor} is made from. */
export interface SupervisorOptions {
  readonly modules: readonly ModuleSpec[];
  /** URL under which modules reach the control plane. */
  readonly orchestratorApi: string;
  /** Takes what modules write to their streams and what the supervisor has to say. Must not throw. */
  readonly log: (entry: ModuleLogEntry) => void;
  /** Takes what a module says of its spans, unread; must not throw. Left out: nobody wants it. */
  readonly onSpans?: (module: string, message: unknown) => void;
  /** Services that the host itself has for its modules. */
  readonly connectors?: readonly ServiceConnector[];
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
  readonly #modules: ReadonlyMap<string, SupervisedModule>;
  readonly #hub: ModuleHub;
  readonly #clock: Clock;
  readonly #times: SupervisionTimes;

  constructor(options: SupervisorOptions) {
    const { clock = systemClock, random = systemRandom } = options;
    this.#clock = clock;
    this.#times = { ...SUPERVISION_TIMES, ...options.times };
    const permissionsOf = (id: string): ModulePermissions => this.#modules.get(id)?.spec.permissions ?? {};
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
      orchestratorApi: options.orchestratorApi,
      clock,
      random,
      onSpans: options.onSpans ?? ((): void => undefined),
    };
    const around = { host, times: this.#times, log: options.log };
    this.#modules = new Map(options.modules.map((spec) => [spec.id, new SupervisedModule(spec, around)]));
    if (this.#modules.size !== options.modules.length) throw new RangeError('Cannot supervise modules: an id is there twice');
    if (this.#modules.has(ORCHESTRATOR_ID))
      throw new RangeError(`Cannot supervise a module "${ORCHESTRATOR_ID}": the id is the host's`);
  }

  /** Starts all modules and returns at once. See {@link Supervisor.waitUntilRunning}. */
  start(): void {
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
  attach(id: string, transport: Transport): boolean {
    return this.#known(id).attach(transport);
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
    await Promise.all([...this.#modules.values()].map((module) => module.close()));
    this.#hub.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #known(id: string): SupervisedModule {
    const module = this.#modules.get(id);
    if (module === undefined)
      throw new PlatformError('SERVICE_UNAVAILABLE', `Cannot reach the module "${id}": it is not configured`);
    return module;
  }
}

/** Addresses to listen on and where this machine reaches them. */
const REACHABLE: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '[::1]'],
  ['[::]', '[::1]'],
]);
