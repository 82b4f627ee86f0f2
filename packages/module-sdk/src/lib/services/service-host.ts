import { type Json, type OrchestratorMessage, PlatformError, type Random } from '@loopwright/protocol';
import type { OrchestratorChannel } from '../channel/module-channel.ts';
import { type ServiceConnection, type ServiceType, serviceKey } from './service-connector.ts';
import { errorText } from './service-error.ts';
import type { ServiceProvider, ServiceRegistration, ServiceRegistry } from './service-registry.ts';

/** What a {@link ServiceHost} works with. */
export interface ServiceHostOptions {
  readonly moduleId: string;
  readonly channel: OrchestratorChannel;
  readonly registry: ServiceRegistry;
  /** Opens a connection for this module. */
  readonly connect: (type: ServiceType, config: Json | undefined) => Promise<ServiceConnection>;
  /** Whether this module may find and use a kind of service. */
  readonly mayUse: (type: ServiceType) => boolean;
  /** Whether this module may provide a kind of service. */
  readonly mayProvide: (type: ServiceType) => boolean;
  /** Tells the runs of a module apart: the later, the greater. */
  readonly run: number;
  readonly random: Random;
}

type WireProvider = Extract<OrchestratorMessage, { op: 'discover_service_providers_response' }>['providers'][number];

interface Open {
  readonly key: string;
  readonly connection: ServiceConnection;
}

const CONNECTIONS_LIMIT = 100;
const OPERATIONS_LIMIT = 256;

/** Answers what one module asks about services: the orchestrator's side. Connections end with the module. */
export class ServiceHost {
  readonly #options: ServiceHostOptions;
  readonly #open = new Map<string, Open>();
  #opening = 0;
  #operations = 0;
  /** Results without an id are matched by their order, so that those operations run one after the other. */
  #last: Promise<void> = Promise.resolve();

  constructor(options: ServiceHostOptions) {
    this.#options = options;
    const { channel, mayProvide, moduleId, registry, run } = options;
    channel.on('register_service_provider', ({ service_type: serviceType, name, version, address, metadata }) => {
      const registration = { serviceType, name, address, ...given({ version, metadata }) } as ServiceRegistration;
      try {
        if (!mayProvide(serviceType))
          throw new PlatformError(
            'FORBIDDEN',
            `Cannot provide the service ${serviceKey(serviceType)}: the module "${moduleId}" may not`,
          );
        channel.send({
          op: 'register_service_provider_response',
          success: true,
          provider_id: registry.register(moduleId, registration, run),
        });
      } catch (error) {
        channel.send({ op: 'register_service_provider_response', success: false, error: errorText(error) });
      }
    });
    channel.on('discover_service_providers', ({ service_type: type, all_providers: all }) => this.#discover(type, all === true));
    channel.on('service_request', ({ id, service_type: type, config }) => void this.#connect(id, type, config));
    channel.on('service_operation', (message) => this.#take(message));
    channel.onClose(() => {
      registry.remove(moduleId, run);
      for (const { connection } of this.#open.values()) void connection.close().catch(() => undefined);
      this.#open.clear();
    });
  }

  #discover(type: ServiceType, all: boolean): void {
    const { channel, mayUse, registry } = this.#options;
    if (!mayUse(type)) {
      channel.send({ op: 'discover_service_providers_response', success: false, error: errorText(forbidden(type)) });
      return;
    }
    const providers = registry.discover(type, { all }).map(toWire);
    channel.send({ op: 'discover_service_providers_response', success: true, providers });
  }

  async #connect(id: string, type: ServiceType, config: Json | undefined): Promise<void> {
    const { channel, connect, mayUse, random } = this.#options;
    try {
      if (!mayUse(type)) throw forbidden(type);
      if (this.#open.size + this.#opening >= CONNECTIONS_LIMIT)
        throw new PlatformError('LIMIT_EXCEEDED', `Cannot connect: this module has ${CONNECTIONS_LIMIT} connections already`);
      this.#opening += 1;
      const connection = await connect(type, config).finally(() => (this.#opening -= 1));
      if (channel.isClosed) return await connection.close();
      const connectionId = random.uuid();
      this.#open.set(connectionId, { key: serviceKey(type), connection });
      channel.send({ op: 'service_response', id, service_type: type, success: true, connection_id: connectionId });
    } catch (error) {
      channel.send({ op: 'service_response', id, service_type: type, success: false, error: errorText(error) });
    }
    return undefined;
  }

  #take(message: Operation): void {
    const answer = (result: object): void => {
      this.#options.channel.send({
        op: 'service_operation_result',
        ...(message.id == null ? {} : { id: message.id }),
        ...(result as { success: boolean }),
      });
    };
    const run = async (): Promise<void> => {
      try {
        answer({ success: true, result: await this.#perform(message) });
      } catch (error) {
        answer({ success: false, error: errorText(error) });
      } finally {
        this.#operations -= 1;
      }
    };
    this.#operations += 1;
    if (message.id == null) this.#last = this.#last.then(run);
    else void run();
  }

  async #perform({ connection_id: id, service_type: type, operation, params }: Operation): Promise<Json> {
    if (this.#operations > OPERATIONS_LIMIT)
      throw new PlatformError('OVERLOADED', `Cannot carry out "${operation}": ${OPERATIONS_LIMIT} operations are under way`);
    const open = this.#open.get(id);
    if (open === undefined || open.key !== serviceKey(type))
      throw new PlatformError('VALIDATION_ERROR', `Cannot carry out "${operation}": the connection is not open`);
    if (operation !== 'close') return open.connection.perform(operation, params);
    this.#open.delete(id);
    await open.connection.close();
    return null;
  }
}

interface Operation {
  readonly id?: string | null | undefined;
  readonly connection_id: string;
  readonly service_type: ServiceType;
  readonly operation: string;
  readonly params: Json;
}

function toWire(provider: ServiceProvider): WireProvider {
  return {
    provider_id: provider.providerId,
    module_id: provider.moduleId,
    service_type: provider.serviceType,
    name: provider.name,
    version: provider.version ?? null,
    address: provider.address,
    metadata: provider.metadata === undefined ? null : { ...provider.metadata },
    is_healthy: provider.isHealthy,
  };
}

function forbidden(type: ServiceType): PlatformError {
  return new PlatformError('FORBIDDEN', `Cannot use the service ${serviceKey(type)}: this module may not`);
}

/** Without the fields that are not there. */
function given<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}
