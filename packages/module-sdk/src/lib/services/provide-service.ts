import { type Json, jsonSchema, ORCHESTRATOR_ID, PlatformError, type Random } from '@loopwright/protocol';
import { z } from 'zod';
import type { MessageClient } from '../messaging/message-client.ts';
import type { ServiceClient } from './service-client.ts';
import { type ServiceConnection, type ServiceConnector, type ServiceType, serviceKey } from './service-connector.ts';

const id = z.string().min(1).max(256);
/** What the host asks a module that provides a service. */
const requestSchema = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('connect'), config: jsonSchema.optional() }),
  z.strictObject({ action: z.literal('perform'), connection_id: id, operation: id, params: jsonSchema }),
  z.strictObject({ action: z.literal('close'), connection_id: id }),
  z.strictObject({ action: z.literal('health') }),
]);
type ServiceRequest = z.infer<typeof requestSchema>;

/** Asks a provider, over the host's messages. */
type AskProvider = (endpoint: string, content: Json) => Promise<Json>;

const CONNECTIONS_LIMIT = 1000;

/** Serves a connector of this module to others: the host takes their operations here. Gives what ends that. */
export async function provideService(options: {
  readonly connector: ServiceConnector;
  readonly name: string;
  readonly version?: string;
  readonly moduleId: string;
  readonly services: ServiceClient;
  readonly messages: MessageClient;
  readonly random: Random;
}): Promise<() => Promise<void>> {
  const { connector, messages, moduleId, name, random, services, version } = options;
  const open = new Map<string, ServiceConnection>();
  messages.handle(endpointOf(connector.serviceType), async (content, { source }) => {
    if (source !== ORCHESTRATOR_ID)
      throw new PlatformError('FORBIDDEN', 'Cannot use the service: the orchestrator alone may ask its provider');
    return answer(requestSchema.parse(content), { connector, open, random });
  });
  const unregister = await services.register({
    serviceType: connector.serviceType,
    name,
    address: `module:${moduleId}`,
    ...(version === undefined ? {} : { version }),
  });
  return async () => {
    unregister();
    await Promise.all([...open.values()].map((connection) => connection.close()));
    open.clear();
  };
}

async function answer(
  request: ServiceRequest,
  { connector, open, random }: { connector: ServiceConnector; open: Map<string, ServiceConnection>; random: Random },
): Promise<Json> {
  if (request.action === 'health') return connector.isHealthy();
  if (request.action === 'connect') {
    if (open.size >= CONNECTIONS_LIMIT)
      throw new PlatformError('LIMIT_EXCEEDED', `Cannot connect: ${CONNECTIONS_LIMIT} connections are open`);
    const connection = await connector.connect(request.config);
    const connectionId = random.uuid();
    open.set(connectionId, connection);
    return connectionId;
  }
  const connection = open.get(request.connection_id);
  if (request.action === 'close') {
    open.delete(request.connection_id);
    await connection?.close();
    return null;
  }
  if (connection === undefined) throw new PlatformError('SERVICE_UNAVAILABLE', 'Cannot use the connection: it is not open');
  return connection.perform(request.operation, request.params);
}

/** A connection to a service that a module provides: the host's side of {@link provideService}. */
export async function connectToProvider(
  ask: AskProvider,
  type: ServiceType,
  config: Json | undefined,
): Promise<ServiceConnection> {
  const endpoint = endpointOf(type);
  const connectionId = await ask(endpoint, { action: 'connect', ...(config === undefined ? {} : { config }) });
  return {
    perform: (operation, params) => ask(endpoint, { action: 'perform', connection_id: connectionId, operation, params }),
    close: async () => void (await ask(endpoint, { action: 'close', connection_id: connectionId })),
  };
}

/** Whether a provider says that it is well. */
export async function isProviderHealthy(ask: AskProvider, type: ServiceType): Promise<boolean> {
  return (await ask(endpointOf(type), { action: 'health' })) === true;
}

function endpointOf(type: ServiceType): string {
  return `service/${serviceKey(type)}`.slice(0, 256);
}
