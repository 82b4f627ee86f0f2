import { checkRange, type PtcClientOptions } from './client-options.ts';
import { PtcClientError } from './ptc-errors.ts';

/** Variables of the environment, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The options of a client that the environment gives: `PTC_SERVICE_URL` (`http://localhost:8001` when it is not set), `PTC_TIMEOUT` and
 * `PTC_RETRY_DELAY` in seconds, `PTC_MAX_RETRIES`. An empty variable counts as not set.
 *
 * @throws {@link PtcClientError} `INVALID_CONFIGURATION`, naming the variable.
 */
export function clientOptionsFromEnvironment(
  environment: Environment,
): Pick<PtcClientOptions, 'serviceUrl' | 'timeoutMs' | 'maxRetries' | 'retryDelayMs'> {
  const timeout = numberOf(environment, 'PTC_TIMEOUT', [0.001, 86_400]);
  const retries = numberOf(environment, 'PTC_MAX_RETRIES', [1, 20]);
  const delay = numberOf(environment, 'PTC_RETRY_DELAY', [0, 3600]);
  if (retries !== undefined && !Number.isInteger(retries))
    throw new PtcClientError('INVALID_CONFIGURATION', `Cannot use PTC_MAX_RETRIES ${retries}: it is not a whole number`);
  return {
    serviceUrl: textOf(environment, 'PTC_SERVICE_URL') ?? 'http://localhost:8001',
    ...(timeout === undefined ? {} : { timeoutMs: timeout * 1000 }),
    ...(retries === undefined ? {} : { maxRetries: retries }),
    ...(delay === undefined ? {} : { retryDelayMs: delay * 1000 }),
  };
}

/** The address of Redis that the environment gives: `REDIS_URL` and `REDIS_PASSWORD`. */
export function redisOptionsFromEnvironment(environment: Environment): { url?: string; password?: string } {
  const url = textOf(environment, 'REDIS_URL');
  const password = textOf(environment, 'REDIS_PASSWORD');
  return { ...(url === undefined ? {} : { url }), ...(password === undefined ? {} : { password }) };
}

function textOf(environment: Environment, name: string): string | undefined {
  const text = environment[name]?.trim();
  return text === '' ? undefined : text;
}

function numberOf(environment: Environment, name: string, range: readonly [number, number]): number | undefined {
  const text = textOf(environment, name);
  if (text === undefined) return undefined;
  // `Number` would take "0x10", "1e3" and "Infinity" as well.
  if (!/^\d+(?:\.\d+)?$/.test(text))
    throw new PtcClientError('INVALID_CONFIGURATION', `Cannot use ${name} "${text}": it is not a number`);
  return checkRange(name, Number(text), range);
}
