import { once } from 'node:events';
import { parseArgs } from 'node:util';
import type { JailPolicy } from '@loopwright/edge';
import { PlatformError, isLoopback } from '@loopwright/protocol';
import type { Generator } from './generator.ts';
import { splitAddress } from './split-address.ts';

/** What a generation service without an orchestrator is told on its command line, and `PTC_HOST`, `PTC_PORT`, `PTC_AUTH_TOKEN`. */
interface StandAlone {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly authToken: string | undefined;
  /** What is done about the jail where nobody says it: for oneself programs run without one too, as in a server for one's own machine (decision 028). */
  readonly jailPolicy: JailPolicy;
}

/**
 * Reads how the service is to run by itself; nothing when it is started by an orchestrator, which says so over standard input.
 *
 * @throws PlatformError INVALID_CONFIGURATION: off loopback without a token
 */
export function readStandAlone(args: readonly string[], env: NodeJS.ProcessEnv): StandAlone | undefined {
  const { values } = parseArgs({ args: [...args], options: { listen: { type: 'string' }, 'data-dir': { type: 'string' } } });
  if (values.listen === undefined && values['data-dir'] === undefined) return undefined;
  const { host, port } = splitAddress(values.listen ?? `${env['PTC_HOST'] ?? '127.0.0.1'}:${env['PTC_PORT'] ?? '8001'}`);
  const authToken = env['PTC_AUTH_TOKEN'] === '' ? undefined : env['PTC_AUTH_TOKEN'];
  if (authToken === undefined && !isLoopback(host)) {
    const message = `Cannot listen on "${host}": set PTC_AUTH_TOKEN, because whoever reaches the service can run programs`;
    throw new PlatformError('INVALID_CONFIGURATION', message);
  }
  const jailPolicy = authToken === undefined ? 'preferred' : 'required';
  return { host, port, dataDir: values['data-dir'] ?? '.loopwright/generator', authToken, jailPolicy };
}

/** Serves until the process is told to end, and then ends in order. */
export async function serveAlone(generator: Generator, { host, port }: StandAlone): Promise<void> {
  const url = await generator.app.listen({ host, port });
  process.stdout.write(`${url}\n`);
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  await generator[Symbol.asyncDispose]();
}
