import { readFileSync } from 'node:fs';
import { isLoopback, messageOf, PlatformError } from '@loopwright/protocol';
import { parseListen } from '../port/listen-address.ts';
import type { AttachModuleOptions } from './attach-module.ts';
import type { Reconnect } from './reconnect.ts';

type Destination = Pick<AttachModuleOptions, 'address' | 'moduleId' | 'token' | 'tls'> & { readonly reconnect: Reconnect };

/**
 * Reads where a module is to attach: `LOOPWRIGHT_ATTACH` (host:port), `LOOPWRIGHT_ATTACH_ID`, the token in `LOOPWRIGHT_ATTACH_TOKEN` or in the file
 * `LOOPWRIGHT_ATTACH_TOKEN_FILE`, and for TLS the PEM files `LOOPWRIGHT_ATTACH_CA`, `_CERT` and `_KEY`; `LOOPWRIGHT_ATTACH_RECONNECT` is `exponential` when left out, `none`, or
 * seconds between two attempts. `undefined` when it is to attach nowhere.
 *
 * @throws `INVALID_CONFIGURATION` When something of it is missing or wrong, or a token would go over a network in the clear.
 */
export function attachFromEnvironment(environment: Readonly<Record<string, string | undefined>>): Destination | undefined {
  const of = (name: string): string | undefined => {
    const value = environment[`LOOPWRIGHT_ATTACH${name}`];
    return value === '' ? undefined : value;
  };
  const where = of('');
  if (where === undefined) return undefined;
  const [moduleId, ca, cert, key] = [of('_ID'), readPem(of('_CA')), readPem(of('_CERT')), readPem(of('_KEY'))];
  const tokenFile = of('_TOKEN_FILE');
  const token = of('_TOKEN') ?? (tokenFile === undefined ? undefined : readPem(tokenFile)?.trim());
  if (moduleId === undefined) throw invalid('LOOPWRIGHT_ATTACH_ID is not set');
  const address = addressOf(where);
  const isSecure = ca !== undefined || cert !== undefined;
  if (!isSecure && !isLoopback(address.host))
    throw invalid(`"${address.host}" is another machine; set LOOPWRIGHT_ATTACH_CA, because the connection would be in the clear`);
  return {
    address,
    moduleId,
    reconnect: reconnectOf(of('_RECONNECT')),
    ...(token === undefined ? {} : { token }),
    ...(isSecure
      ? {
          tls: {
            ...(ca === undefined ? {} : { ca }),
            ...(cert === undefined ? {} : { cert }),
            ...(key === undefined ? {} : { key }),
          },
        }
      : {}),
  };
}

function reconnectOf(text = 'exponential'): Reconnect {
  if (text === 'none') return { kind: 'none' };
  if (text === 'exponential') return { kind: 'exponential_backoff' };
  const seconds = Number(text);
  if (!(seconds >= 0.1 && seconds <= 86_400))
    throw invalid('LOOPWRIGHT_ATTACH_RECONNECT is neither none, exponential nor seconds');
  return { kind: 'fixed_interval', intervalMs: seconds * 1000 };
}

function addressOf(where: string): Destination['address'] {
  try {
    const address = parseListen(where);
    if ('host' in address && address.port > 0) return address;
  } catch {
    // Said below.
  }
  throw invalid('LOOPWRIGHT_ATTACH is no address such as "server.example:9998"');
}

function readPem(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw invalid(messageOf(error));
  }
}

function invalid(why: string): PlatformError {
  return new PlatformError('INVALID_CONFIGURATION', `Cannot attach: ${why}`);
}
