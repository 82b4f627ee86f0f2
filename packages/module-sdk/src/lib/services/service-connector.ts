import type { Json, ModuleMessage } from '@loopwright/protocol';

/** A kind of service: one of the source's, or one's own. */
export type ServiceType = Extract<ModuleMessage, { op: 'service_request' }>['service_type'];

/** Opens connections to a database, a cache or anything else that answers operations. The host or a module serves it to modules. */
export interface ServiceConnector {
  readonly serviceType: ServiceType;
  /** @param config What the module wishes; the connector decides what of it may be. */
  connect(config?: Json): Promise<ServiceConnection>;
  /** Whether connections can be opened; said to those who look for the service. */
  isHealthy(): Promise<boolean>;
}

/** One open connection. Who opened it closes it. */
export interface ServiceConnection {
  /** Carries out one operation. @throws PlatformError What the other side is to learn; of any other error it learns only that it failed. */
  perform(operation: string, params: Json): Promise<Json>;
  /** Closes it; may be called twice. */
  close(): Promise<void>;
}

/** A kind as text, for keys and messages: `Database`, `custom:name`. */
export function serviceKey(type: ServiceType): string {
  return typeof type === 'string' ? type : `custom:${type.Custom}`;
}
