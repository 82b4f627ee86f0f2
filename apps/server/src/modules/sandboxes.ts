import { type Jail, type JailPolicy, type Sandbox, type SandboxOptions, openJail, openSandbox } from '@loopwright/edge';
import { type Clock, isLoopback } from '@loopwright/protocol';
import type { FastifyBaseLogger } from 'fastify';
import type { Configuration } from '../config/settings.ts';

/** What a sandbox is opened with; the rest is the same for all of the server. */
type SandboxLimits = Pick<SandboxOptions, 'workers' | 'timeoutMs' | 'memoryLimitMb'>;

/** Opens a sandbox of the server; the caller closes it. */
export type OpenServerSandbox = (limits: SandboxLimits) => Promise<Sandbox>;

/**
 * What is done about the jail. Where nothing is configured, a server for one's own machine runs programs without it too, and says so in `/health`;
 * one that knows identities or that others can reach does not (decision 028).
 */
export function jailPolicyOf({
  sandboxJail,
  host,
  identity,
  jwtIssuers,
  oidc,
}: Pick<Configuration, 'sandboxJail' | 'host' | 'identity' | 'jwtIssuers' | 'oidc'>): JailPolicy {
  if (sandboxJail !== null) return sandboxJail;
  const isForOneself = isLoopback(host) && identity !== 'configured' && jwtIssuers.length === 0 && oidc === null;
  return isForOneself ? 'preferred' : 'required';
}

/** Opens sandboxes with the configured limits around them. The jail is built and probed once, with the first of them. */
export function sandboxOpener(
  configuration: Configuration,
  { clock, log }: { readonly clock: Clock; readonly log: FastifyBaseLogger },
): OpenServerSandbox {
  const warn = (message: string): void => log.warn(message);
  let jail: Promise<Jail> | undefined;
  return async (limits) => {
    jail ??= openJail({ policy: jailPolicyOf(configuration), clock, log: warn });
    return openSandbox({ ...limits, clock, jail: await jail, log: warn });
  };
}
