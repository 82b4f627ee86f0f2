import { lookup as lookupAddresses } from 'node:dns';
import { type LookupFunction, isIP } from 'node:net';
import { promisify } from 'node:util';
import { WorkflowError } from '@loopwright/engine';
import ipaddr from 'ipaddr.js';
import type * as Undici from 'undici';

/** How workflows and webhooks reach other hosts. */
export interface OutboundHosts {
  /** Passes, or throws the standard's `authorization` error. */
  readonly allowHost: (host: string) => Promise<boolean>;
  /** Connects to allowed addresses only, whatever a name resolves to by then. */
  readonly fetch: typeof globalThis.fetch;
  /** Whether a host is listed: then it may lie inside. */
  readonly isListed: (host: string) => boolean;
  close(): Promise<void>;
}

/**
 * Keeps calls out of the server's own network: a name or an address that is not public is refused unless it is
 * listed (`name`, `*.suffix`, an address, or `*` for all). Addresses are checked before the call and again when the connection is made, so that a name
 * which resolves to something else the second time (DNS rebinding) does not get through.
 */
export function outboundHosts(privateHosts: readonly string[], setting = 'call_private_hosts'): OutboundHosts {
  const isListed = (host: string): boolean => privateHosts.some((pattern) => matches(pattern.toLowerCase(), host));
  const lookup: LookupFunction = (host, options, callback) => {
    lookupAddresses(host, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, []);
      const allowed = isListed(host) ? found : found.filter(({ address }) => isPublic(address));
      const first = allowed[0];
      if (first === undefined) return callback(notAllowed(host), []);
      return options.all === true ? callback(null, allowed) : callback(null, first.address, first.family);
    });
  };
  let opened: ReturnType<typeof openAgent> | undefined;
  return {
    isListed,
    allowHost: async (host) => {
      const name = host.replace(/^\[(.*)\]$/, '$1');
      if (isListed(name)) return true;
      const addresses = isIP(name) === 0 ? await resolved(name) : [name];
      const inside = addresses.find((address) => !isPublic(address));
      if (inside === undefined) return true;
      throw new WorkflowError({ type: 'authorization', status: 403, title: 'FORBIDDEN', detail: refusal(name, inside, setting) });
    },
    fetch: (async (url: URL, init: object) => {
      const { fetch, agent } = await (opened ??= openAgent(lookup));
      return fetch(url, { ...init, dispatcher: agent });
    }) as unknown as typeof globalThis.fetch,
    close: async () => (await opened)?.agent.destroy(),
  };
}

/** The library is read with the first call: it is large, and many servers make none. */
async function openAgent(lookup: LookupFunction): Promise<{ fetch: typeof Undici.fetch; agent: Undici.Agent }> {
  const { Agent, fetch } = await import('undici');
  return { fetch, agent: new Agent({ connect: { lookup } }) };
}

/** A name that does not resolve fails when it is called, with the reason. */
async function resolved(name: string): Promise<string[]> {
  try {
    return (await promisify(lookupAddresses)(name, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}

function matches(pattern: string, host: string): boolean {
  return pattern === '*' || pattern === host || (pattern.startsWith('*.') && host.endsWith(pattern.slice(1)));
}

/** Whether an address is one of the public internet; IPv4 inside IPv6 counts as what it is. */
function isPublic(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast';
}

function refusal(host: string, address: string, setting: string): string {
  const why = host === address ? 'is no public address' : `is ${address}, which is no public address`;
  return `Cannot call the host "${host}": it ${why}; the setting ${setting} can allow it`;
}

function notAllowed(host: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`Cannot connect to "${host}": its address is not public`), { code: 'ERR_ADDRESS_NOT_PUBLIC' });
}
