// An edge that runs by itself, as `loopwright edge` and in a container: a `deployment.yaml`, an address, signals. Standard output has one line, where it listens.
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { ERRORS, PlatformError, isLoopback, isoTime, messageOf, systemClock, systemRandom } from '@loopwright/protocol';
import {
  type Deployment,
  servingOptions,
  standaloneDeploymentSchema,
  storageOptions,
  watchingOptions,
} from './lib/configuration/deployment.ts';
import { readDeployment } from './lib/configuration/read-deployment.ts';
import { deploymentReloader } from './lib/configuration/reload-deployment.ts';
import { createEdge } from './lib/http/create-edge.ts';
import { type JailPolicy, openJail } from './lib/sandbox/jail/open-jail.ts';

const HELP = `Usage: loopwright edge [options]
       loopwright edge tail [options]   follow what an edge records; see loopwright edge tail --help

Serves programs as a deployment.yaml says, apart from the server.

  --config <file>   the deployment (default: deployment.yaml)
  --host <address>  where to listen (default: 127.0.0.1)
  --port <n>        port, 0 for any (default: 8080)
  --check           read the deployment, say what is wrong with it, and end
  --help

Environment: LOOPWRIGHT_EDGE_TOKEN is what a control plane sends as its bearer token to refresh programs; without it nobody can.
LOOPWRIGHT_SANDBOX_JAIL: required (the default: without the jail of the operating system no program is run), preferred or off.
SIGHUP reads the deployment again, SIGTERM ends after the requests under way.
`;

/** Requests under way and the workers end within this, in milliseconds; then the process ends all the same. */
const SHUTDOWN_MS = 15_000;

function log(message: string): void {
  process.stderr.write(`${JSON.stringify({ time: isoTime(systemClock.now()), level: 'info', module: 'edge', msg: message })}\n`);
}

function optionsOf(argv: readonly string[]): { config: string; host: string; port: number; check: boolean; help: boolean } {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        config: { type: 'string', default: 'deployment.yaml' },
        host: { type: 'string', default: '127.0.0.1' },
        port: { type: 'string', default: '8080' },
        check: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    const port = Number(values.port);
    if (!/^\d{1,5}$/u.test(values.port) || port > 65_535) throw new Error(`"${values.port}" is no port`);
    return { ...values, port };
  } catch (error) {
    throw new PlatformError('INVALID_CONFIGURATION', `Cannot start the edge: ${messageOf(error)}`, { cause: error });
  }
}

function jailPolicy(): JailPolicy {
  const policy = process.env['LOOPWRIGHT_SANDBOX_JAIL'] || 'required';
  if (policy === 'required' || policy === 'preferred' || policy === 'off') return policy;
  throw new PlatformError(
    'INVALID_CONFIGURATION',
    'Cannot start the edge: LOOPWRIGHT_SANDBOX_JAIL is none of required, preferred and off',
  );
}

async function main(): Promise<void> {
  const { config, host, port, check, help } = optionsOf(process.argv.slice(2));
  if (help) return void process.stdout.write(HELP);
  const read = (): Promise<Deployment> => readDeployment(config, process.env, standaloneDeploymentSchema);
  const deployment = await read();
  if (check) return void process.stdout.write(`${config} is valid\n`);
  const jail = await openJail({ policy: jailPolicy(), clock: systemClock, log });
  const serving = servingOptions(deployment);
  const edge = await createEdge({
    dataDir: deployment.runtime.data_dir,
    ...storageOptions(deployment),
    ...serving,
    sandbox: { ...serving.sandbox, jail },
    watching: watchingOptions(deployment),
    authToken: process.env['LOOPWRIGHT_EDGE_TOKEN'] || randomBytes(32).toString('base64url'),
    loopbackOnly: isLoopback(host),
    clock: systemClock,
    random: systemRandom,
    log,
  });
  try {
    const url = await edge.app.listen({ host, port });
    process.stdout.write(`The edge is listening on ${url}\n`);
  } catch (error) {
    await edge.close();
    throw new PlatformError('INVALID_CONFIGURATION', `Cannot listen on ${host}:${port}: ${messageOf(error)}`, { cause: error });
  }
  const reload = deploymentReloader(edge, {
    path: config,
    read,
    started: deployment,
    ignored: [],
    retention: storageOptions,
    limits: (again) => servingOptions(again).sandbox,
    log,
  });
  process.on('SIGHUP', () => void reload());
  let isEnding = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      if (isEnding) process.exit(1);
      isEnding = true;
      log(`Got ${signal}: ending after the requests under way`);
      systemClock.schedule(SHUTDOWN_MS, () => process.exit(1));
      edge.close().then(() => process.exit(0), fail);
    });
}

function fail(error: unknown): never {
  if (error instanceof PlatformError)
    process.stderr.write(`${error.code}: ${error.message}\n  How to fix: ${ERRORS[error.code].fix}\n`);
  else process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
}

try {
  await main();
} catch (error) {
  fail(error);
}
