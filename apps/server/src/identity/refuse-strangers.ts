import { PlatformError, isLoopback } from '@loopwright/protocol';
import type { Configuration } from '../config/settings.ts';
import type { Identity } from './identity.ts';

/**
 * Refuses to let other machines reach a server that could not tell who they are. Off loopback it needs an issuer of tokens, a provider to log in at, an API key that is
 * good, or a trusted proxy that says who comes. The edge runtime has no identities of its own, so it stays on loopback. Throws INVALID_CONFIGURATION.
 */
export async function refuseStrangers(configuration: Configuration, { mode, keys }: Identity): Promise<void> {
  const { host, edgeHost, jwtIssuers, oidc, trustedProxies } = configuration;
  if (!isLoopback(edgeHost))
    throw refusal('edge_host', edgeHost, 'the edge runtime serves loopback only, because it knows no identities');
  if (isLoopback(host)) return;
  if (mode === 'development' && trustedProxies.length > 0) return;
  if (mode === 'development') throw refusal('host', host, 'development identity without trusted_proxies is for loopback only');
  if (jwtIssuers.length > 0 || oidc !== null || (await keys.anyUsable())) return;
  const why =
    'without configured identities only loopback addresses are served; set jwt_issuers or oidc, or make a key with `loopwright admin create-key`';
  throw refusal('host', host, why);
}

function refusal(setting: string, value: string, why: string): PlatformError {
  return new PlatformError('INVALID_CONFIGURATION', `Cannot listen on "${value}": ${why}`, { details: { setting } });
}
