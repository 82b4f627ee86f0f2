import { type Clock, type Json, PlatformError, type Random } from '@loopwright/protocol';
import type { OrchestratorChannel } from '../channel/module-channel.ts';
import { MessageRouter } from '../messaging/message-router.ts';
import { connectToProvider, isProviderHealthy } from '../services/provide-service.ts';
import { type ServiceConnection, type ServiceConnector, type ServiceType, serviceKey } from '../services/service-connector.ts';
import { ServiceHost } from '../services/service-host.ts';
import { ServiceRegistry } from '../services/service-registry.ts';

/** What a {@link ModuleHub} works with. */
export interface ModuleHubOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Services that the host itself has; they go before those that modules provide. A function is asked for each connection. */
  readonly connectors?: readonly ServiceConnector[] | (() => readonly ServiceConnector[]);
  /** Whether a module may find and use a kind of service. @default all may */
  readonly mayUse?: (moduleId: string, type: ServiceType) => boolean;
  /** Whether a module may provide a kind of service. @default all may */
  readonly mayProvide?: (moduleId: string, type: ServiceType) => boolean;
  /** Whether a module may write to another. @default all may */
  readonly maySend?: (sourceId: string, targetId: string, endpoint: string) => boolean;
  /** Whether a module may publish to a topic, or subscribe to it. @default all may */
  readonly mayUseTopic?: (moduleId: string, action: 'publish' | 'subscribe', topic: string) => boolean;
  /** Between two checks of the health of providers, in milliseconds. @default 10 000 */
  readonly healthEveryMs?: number;
  /** Time without a sign of life after which a provider is forgotten, in milliseconds. @default 30 000 */
  readonly leaseMs?: number;
}

const HEALTH_EVERY_MS = 10_000;

/** What the modules of one host have in common: who provides what, and the messages between them. Ends with {@link ModuleHub.stop}. */
export class ModuleHub implements Disposable {
  readonly #options: ModuleHubOptions;
  readonly registry: ServiceRegistry;
  readonly messages: MessageRouter;
  #cancel: () => void = () => undefined;
  #runs = 0;
  #isStopped = false;

  constructor(options: ModuleHubOptions) {
    this.#options = options;
    this.registry = new ServiceRegistry(options);
    this.messages = new MessageRouter(options);
    this.#checkLater();
  }

  /**
   * Takes up a module until its channel closes. Call it before the channel is started. A run `inReserve` beside one that is there may ask for everything, and gets no
   * messages until what is returned was called.
   *
   * @throws RangeError When the id is taken and this run is not in reserve.
   */
  attach(moduleId: string, channel: OrchestratorChannel, options: { readonly inReserve?: boolean } = {}): () => void {
    const { mayUse = () => true, mayProvide = () => true, random } = this.#options;
    const activate = this.messages.attach(moduleId, channel, options);
    void new ServiceHost({
      moduleId,
      channel,
      registry: this.registry,
      random,
      run: (this.#runs += 1),
      connect: (type, config) => this.#connect(type, config),
      mayUse: (type) => mayUse(moduleId, type),
      mayProvide: (type) => mayProvide(moduleId, type),
    });
    return activate;
  }

  /** Checks the health of all providers once. */
  checkHealth(): Promise<void> {
    return this.registry.checkHealth(({ address, moduleId, serviceType }) =>
      // Only what is reached over the host can be asked; the rest lives by its lease.
      address === `module:${moduleId}` ? isProviderHealthy(this.#asker(moduleId), serviceType) : Promise.resolve(true),
    );
  }

  /** Ends the checks of health. */
  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #connect(type: ServiceType, config: Json | undefined): Promise<ServiceConnection> {
    const key = serviceKey(type);
    const { connectors = [] } = this.#options;
    const had = typeof connectors === 'function' ? connectors() : connectors;
    const own = had.find(({ serviceType }) => serviceKey(serviceType) === key);
    if (own !== undefined) return own.connect(config);
    const [provider] = this.registry.discover(type);
    if (provider?.address !== `module:${provider?.moduleId}`)
      return Promise.reject(
        new PlatformError('SERVICE_UNAVAILABLE', `Cannot connect to ${key}: nobody provides it over the host`),
      );
    // A connection is known to the run that opened it alone.
    return connectToProvider(this.messages.requester(provider.moduleId), type, config);
  }

  #asker(moduleId: string): (endpoint: string, content: Json) => Promise<Json> {
    return (endpoint, content) => this.messages.request(moduleId, endpoint, content);
  }

  #checkLater(): void {
    this.#cancel = this.#options.clock.schedule(this.#options.healthEveryMs ?? HEALTH_EVERY_MS, () => {
      void this.checkHealth().finally(() => (this.#isStopped ? undefined : this.#checkLater()));
    });
  }
}
