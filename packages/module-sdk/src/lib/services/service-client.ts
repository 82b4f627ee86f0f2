import { type Clock, type Json, jsonSchema, PlatformError, type Random } from '@loopwright/protocol';
import { z } from 'zod';
import type { ModuleSideChannel } from '../channel/module-channel.ts';
import { withDeadline } from '../secrets/deadline.ts';
import { type ServiceConnection, type ServiceType, serviceKey } from './service-connector.ts';
import { errorOfText } from './service-error.ts';
import type { ServiceProvider, ServiceRegistration } from './service-registry.ts';

/** What a {@link ServiceClient} works with. */
export interface ServiceClientOptions {
  readonly channel: ModuleSideChannel;
  readonly clock: Clock;
  readonly random: Random;
  /** Time for an answer of the orchestrator, in milliseconds. @default 30 000 */
  readonly timeoutMs?: number;
}

interface Waiter<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

const TIMEOUT_MS = 30_000;
/** A third of the lease that hosts give. */
const RENEW_MS = 10_000;

/** The services of other modules and of the host: what a module asks the orchestrator. */
export class ServiceClient {
  readonly #options: ServiceClientOptions;
  /** Answers without an id come in the order of the questions; a question whose time is over keeps its place. */
  readonly #registering: Waiter<string>[] = [];
  readonly #discovering: Waiter<readonly ServiceProvider[]>[] = [];
  readonly #waiting = new Map<string, Waiter<Json>>();
  readonly #unnumbered: string[] = [];
  #isClosed = false;

  constructor(options: ServiceClientOptions) {
    this.#options = options;
    const { channel } = options;
    channel.on('register_service_provider_response', ({ success, provider_id: id, error }) => {
      const waiter = this.#registering.shift();
      if (success && id != null) waiter?.resolve(id);
      else waiter?.reject(errorOfText(error));
    });
    channel.on('discover_service_providers_response', ({ success, providers, error }) => {
      const waiter = this.#discovering.shift();
      if (success) waiter?.resolve(providers.map(fromWire));
      else waiter?.reject(errorOfText(error));
    });
    channel.on('service_response', ({ id, success, connection_id: connection, error }) =>
      this.#settle(id, success && connection != null, { result: connection ?? null, error }),
    );
    channel.on('service_operation_result', ({ id, success, result, error }) => {
      const known = id ?? this.#unnumbered.find((one) => this.#waiting.has(one));
      if (known !== undefined) this.#settle(known, success, { result: result ?? null, error });
    });
    channel.onClose(() => {
      this.#isClosed = true;
      const gone = new PlatformError('SERVICE_UNAVAILABLE', 'Cannot use services: the orchestrator is gone');
      for (const waiter of [...this.#registering, ...this.#discovering, ...this.#waiting.values()]) waiter.reject(gone);
      this.#waiting.clear();
    });
  }

  /** Registers this module as a provider, and renews that until the returned function is called. @throws `LIMIT_EXCEEDED` */
  async register(registration: ServiceRegistration): Promise<() => void> {
    await this.#register(registration);
    let cancel = (): void => undefined;
    const renewLater = (): void => {
      cancel = this.#options.clock.schedule(RENEW_MS, () => {
        if (this.#isClosed) return;
        // A renewal that fails is tried again in its turn.
        void this.#register(registration).catch(() => undefined);
        renewLater();
      });
    };
    renewLater();
    return () => cancel();
  }

  /** Finds providers of a kind: one that is healthy, or all. @throws `FORBIDDEN` */
  discover(type: ServiceType, { all = false }: { readonly all?: boolean } = {}): Promise<readonly ServiceProvider[]> {
    return this.#inTime(
      new Promise((resolve, reject) => {
        this.#discovering.push({ resolve, reject });
        this.#options.channel.send({ op: 'discover_service_providers', service_type: type, all_providers: all });
      }),
    );
  }

  /** Connects to a service of a kind, wherever the host has it. @throws `FORBIDDEN`, `SERVICE_UNAVAILABLE`, `LIMIT_EXCEEDED` */
  async connect(type: ServiceType, config?: Json): Promise<ServiceConnection> {
    const connectionId = z.string().parse(
      await this.#ask((id) =>
        this.#options.channel.send({
          op: 'service_request',
          id,
          service_type: type,
          ...(config === undefined ? {} : { config }),
        }),
      ),
    );
    const perform = (operation: string, params: Json): Promise<Json> =>
      this.#ask((id) => {
        // What is no JSON is refused here and not by the host, who could not say to whom.
        const checked = jsonSchema.parse(params);
        this.#unnumbered.push(id);
        this.#options.channel.send({
          op: 'service_operation',
          id,
          connection_id: connectionId,
          service_type: type,
          operation,
          params: checked,
        });
      });
    let closing: Promise<void> | undefined;
    return {
      perform: (operation, params) =>
        closing === undefined
          ? perform(operation, params)
          : Promise.reject(new PlatformError('VALIDATION_ERROR', `Cannot use the ${serviceKey(type)}: it was closed`)),
      close: () => (closing ??= this.#isClosed ? Promise.resolve() : perform('close', null).then(() => undefined)),
    };
  }

  #register({ serviceType, ...rest }: ServiceRegistration): Promise<string> {
    return this.#inTime(
      new Promise((resolve, reject) => {
        this.#registering.push({ resolve, reject });
        this.#options.channel.send({ op: 'register_service_provider', service_type: serviceType, ...rest });
      }),
    );
  }

  #ask(send: (id: string) => void): Promise<Json> {
    const id = this.#options.random.uuid();
    const answered = new Promise<Json>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      send(id);
    });
    return this.#inTime(answered).finally(() => {
      this.#waiting.delete(id);
      const at = this.#unnumbered.indexOf(id);
      if (at !== -1) this.#unnumbered.splice(at, 1);
    });
  }

  #settle(id: string, success: boolean, { result, error }: { result: Json; error: string | null | undefined }): void {
    const waiter = this.#waiting.get(id);
    if (success) waiter?.resolve(result);
    else waiter?.reject(errorOfText(error));
  }

  #inTime<T>(work: Promise<T>): Promise<T> {
    const { clock, timeoutMs: ms = TIMEOUT_MS } = this.#options;
    if (this.#isClosed) {
      work.catch(() => undefined);
      return Promise.reject(new PlatformError('SERVICE_UNAVAILABLE', 'Cannot use services: the orchestrator is gone'));
    }
    const expired = (): Error =>
      new PlatformError('SERVICE_UNAVAILABLE', `Cannot use services: the orchestrator did not answer within ${ms} ms`);
    return withDeadline(work, { clock, ms, expired });
  }
}

interface WireProvider {
  readonly provider_id: string;
  readonly module_id: string;
  readonly service_type: ServiceType;
  readonly name: string;
  readonly version?: string | null | undefined;
  readonly address: string;
  readonly metadata?: Record<string, Json> | null | undefined;
  readonly is_healthy: boolean;
}

function fromWire(wire: WireProvider): ServiceProvider {
  return {
    providerId: wire.provider_id,
    moduleId: wire.module_id,
    serviceType: wire.service_type,
    name: wire.name,
    address: wire.address,
    isHealthy: wire.is_healthy,
    ...(wire.version == null ? {} : { version: wire.version }),
    ...(wire.metadata == null ? {} : { metadata: wire.metadata }),
  };
}
