import {
  type JwtConfig,
  jwtConnector,
  JwtValidator,
  memoryCacheConnector,
  type SecretProvider,
  type ServiceConnector,
} from '@loopwright/module-sdk';
import { type Clock, PlatformError } from '@loopwright/protocol';
import { given } from '../configuration/given.ts';
import type { ServicesDocument } from '../configuration/services-document.ts';
import { secretConnector } from './secret-connector.ts';

/** What the services of the host are made with. */
export interface ServiceParts {
  readonly clock: Clock;
  /** Where their secrets come from. */
  readonly secrets: SecretProvider;
}

type Entry<Kind extends keyof ServicesDocument> = NonNullable<ServicesDocument[Kind]>;
type OpenConnector = ServiceConnector & Partial<Disposable>;

/** The cache that modules share: in the memory of the server, or in Redis. */
export function cacheOf(entry: Entry<'Cache'>, { clock, secrets }: ServiceParts): OpenConnector {
  if (entry.kind === 'memory') return memoryCacheConnector({ clock, ...given({ maxCharacters: entry.max_characters }) });
  const more = given({ name: entry.name, maxEntries: entry.max_entries, timeoutMs: milliseconds(entry.timeout_seconds) });
  return secretConnector({
    serviceType: 'Cache',
    secrets,
    name: entry.url_secret,
    // Loaded where it is configured only: others do without the driver.
    open: async (url) => (await import('@loopwright/module-sdk/redis')).redisCacheConnector({ url, clock, ...more }),
  });
}

/** The database of modules, in PostgreSQL. What runs in this process would hold it while a statement runs, so SQLite is none of the host's. */
export function databaseOf(entry: Entry<'Database'>, { clock, secrets }: ServiceParts): OpenConnector {
  const more = given({ maxConnections: entry.max_connections, timeoutMs: milliseconds(entry.timeout_seconds) });
  return secretConnector({
    serviceType: 'Database',
    secrets,
    name: entry.url_secret,
    open: async (url) => {
      if (!/^postgres(?:ql)?:\/\/[^/]/.test(url))
        throw new PlatformError('INVALID_CONFIGURATION', 'Cannot use the URL of the database: it is not postgres://…');
      return (await import('@loopwright/module-sdk/postgres')).postgresConnector({ url, clock, ...more });
    },
  });
}

/** Tokens that modules have the host check. A secret is read for every token, so that a new one holds at once. */
export function jwtOf(entry: Entry<'Jwt'>, { clock, secrets }: ServiceParts): OpenConnector {
  const { algorithm, secret: name, jwks_url: jwksUrl, clock_tolerance_seconds: tolerance } = entry;
  const config: JwtConfig = {
    algorithm,
    ...given({ audience: entry.audience, issuer: entry.issuer, clockToleranceSeconds: tolerance }),
  };
  if (jwksUrl !== undefined) return jwtConnector(new JwtValidator({ ...config, keys: new URL(jwksUrl) }, { clock }));
  let current: { readonly value: string; readonly validator: JwtValidator } | undefined;
  return jwtConnector({
    validate: async (token) => {
      const value = await secrets.get(String(name));
      if (value === undefined)
        throw new PlatformError('SERVICE_UNAVAILABLE', `Cannot check tokens: there is no secret "${name}"`);
      if (current?.value !== value) current = { value, validator: new JwtValidator({ ...config, secretKey: value }, { clock }) };
      return current.validator.validate(token);
    },
  });
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}
