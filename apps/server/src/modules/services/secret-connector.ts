import { type SecretProvider, type ServiceConnector, serviceKey } from '@loopwright/module-sdk';
import { PlatformError } from '@loopwright/protocol';

/** A connector, and what ends that which it holds open. */
type OpenConnector = ServiceConnector & Partial<Disposable>;

/** What a {@link secretConnector} is made of. */
export interface SecretConnectorOptions {
  readonly serviceType: ServiceConnector['serviceType'];
  /** Where the secret comes from, and its name. */
  readonly secrets: SecretProvider;
  readonly name: string;
  /** Makes the connector of a value of the secret. @throws `INVALID_CONFIGURATION` when there can be none. */
  readonly open: (value: string) => Promise<OpenConnector>;
}

/**
 * A connector whose address is a secret. It is read for every connection, so that a new value holds from the next connection on; those that are open go on with the
 * old one. Errors name the secret and never say what is in it.
 */
export function secretConnector({ serviceType, secrets, name, open }: SecretConnectorOptions): OpenConnector {
  let current: { readonly value: string; readonly connector: Promise<OpenConnector> } | undefined;
  const connector = async (): Promise<OpenConnector> => {
    const value = await secrets.get(name);
    if (value === undefined) throw unusable(serviceType, `there is no secret "${name}"`);
    if (current?.value === value) return current.connector;
    end(current?.connector);
    current = { value, connector: open(value) };
    return current.connector.catch((cause: unknown) => {
      current = undefined;
      throw unusable(serviceType, `what is in the secret "${name}" cannot be used`, cause);
    });
  };
  return {
    serviceType,
    connect: async (config) => (await connector()).connect(config),
    isHealthy: async () => {
      try {
        return await (await connector()).isHealthy();
      } catch (error) {
        if (error instanceof PlatformError) return false;
        throw error;
      }
    },
    [Symbol.dispose]: () => end(current?.connector),
  };
}

/** What modules can do nothing about is out of order for them. */
function unusable(serviceType: ServiceConnector['serviceType'], why: string, cause?: unknown): PlatformError {
  return new PlatformError('SERVICE_UNAVAILABLE', `Cannot use the service ${serviceKey(serviceType)}: ${why}`, { cause });
}

function end(connector: Promise<OpenConnector> | undefined): void {
  void connector?.then(
    (opened) => opened[Symbol.dispose]?.(),
    () => undefined,
  );
}
