import { type Clock, PlatformError, type Random, systemClock, systemRandom } from '@loopwright/protocol';
import {
  type ModuleLogEntry,
  type ModuleSpec,
  type ModuleState,
  SUPERVISION_TIMES,
  type SupervisionTimes,
} from './module-spec.ts';
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
  readonly clock?: Clock;
  readonly random?: Random;
  /** Replaces some of {@link SUPERVISION_TIMES}. */
  readonly times?: Partial<SupervisionTimes>;
}

/**
 * Runs the child modules of the server: starts them, watches their heartbeats, starts them again with growing pauses, and drains
 * them at the end. When this process dies without a word, its modules see their standard input close and end by themselves.
 */
export class Supervisor {
  readonly id = 'modules';
  readonly #modules: ReadonlyMap<string, SupervisedModule>;
  readonly #clock: Clock;

  constructor(options: SupervisorOptions) {
    this.#clock = options.clock ?? systemClock;
    const around = {
      orchestratorApi: options.orchestratorApi,
      clock: this.#clock,
      random: options.random ?? systemRandom,
      times: { ...SUPERVISION_TIMES, ...options.times },
      log: options.log,
      onSpans: options.onSpans ?? (() => undefined),
    };
    this.#modules = new Map(options.modules.map((spec) => [spec.id, new SupervisedModule(spec, around)]));
    if (this.#modules.size !== options.modules.length) throw new RangeError('Cannot supervise modules: an id is there twice');
  }

  /** Starts all modules and returns at once. See {@link Supervisor.waitUntilRunning}. */
  start(): void {
    for (const module of this.#modules.values()) module.start();
  }

  /** How every module is, for `/health`. */
  state(): ModuleState[] {
    return [...this.#modules.values()].map((module) => module.state());
  }

  /** `http://host:port` of a running module. @throws `SERVICE_UNAVAILABLE` when it does not run now. */
  address(id: string): string {
    const state = this.#module(id).state();
    if (state.listen === null) throw unavailable(state);
    const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(state.listen) ?? [];
    return `http://${REACHABLE.get(host) ?? (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host)}:${port}`;
  }

  /** Waits until a module runs. @throws `SERVICE_UNAVAILABLE` after the time, or as soon as it will not run any more. */
  waitUntilRunning(id: string, timeoutMs: number): Promise<void> {
    const module = this.#module(id);
    return new Promise((resolve, reject) => {
      const settle = (expired: boolean): boolean => {
        const state = module.state();
        if (state.status === 'running') resolve();
        else if (expired || module.ended) reject(unavailable(state));
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
    await Promise.all([...this.#modules.values()].map((module) => module.stop()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #module(id: string): SupervisedModule {
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

function unavailable({ id, status, last_exit: exit }: ModuleState): PlatformError {
  const why = exit === null ? '' : `, last because ${exit.reason}`;
  return new PlatformError('SERVICE_UNAVAILABLE', `Cannot reach the module "${id}": it is ${status}${why}`, {
    details: { module: id, status },
  });
}
