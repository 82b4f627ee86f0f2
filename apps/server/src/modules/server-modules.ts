import { join } from 'node:path';
import { edgeMainPath } from '@loopwright/edge';
import { type PlanCache, PtcClient, SqlitePlanCache } from '@loopwright/generation';
import type { Clock, Random } from '@loopwright/protocol';
import type { Configuration } from '../config/settings.ts';
import { moduleLog } from '../modules-log.ts';
import { type Tracing, traceHeaders } from '../observability/tracing.ts';
import { EdgeClient } from '../programs/edge-client.ts';
import { SandboxScripts } from '../scripts/sandbox-scripts.ts';
import type { ServerOptions } from '../server.ts';
import { ConfiguredModules } from './configuration/configured-modules.ts';
import { type OpenServerSandbox, jailPolicyOf } from './sandboxes.ts';
import { modelEnvironment, modelSecrets } from './model-environment.ts';
import type { ModuleSpec } from './module-spec.ts';
import { moduleFetch } from './requests/module-fetch.ts';
import { type AlertTellerOptions, alertTeller } from './sla/tell-alerts.ts';
import { Supervisor } from './supervisor.ts';

/** The generation service runs as a process of its own, so its path is all that the server knows of it. */
const GENERATOR_MAIN = join(import.meta.dirname, '../../../generator/src/main.ts');

/** What the modules that come with Loopwright have in common: both work on a folder that is for one of them at a time. */
const BUNDLED = {
  isInternal: true,
  channels: ['ipc', 'tcp'],
  replace: 'exclusive',
  concurrency: { running: 512, queued: 2048 },
} as const;
/** The longest that a call of the edge takes, in milliseconds: a comparison of versions. */
const EDGE_TIMEOUT_MS = 130_000;

/** How long a step waits for a module that is starting, in milliseconds. */
const MODULE_PATIENCE_MS = 15_000;

/** Resolves when the generation service runs; at once when another one is configured. */
export function generatorReady({ generatorUrl }: Configuration, supervisor: Supervisor): () => Promise<void> {
  return () => (generatorUrl === null ? supervisor.waitUntilRunning('generator', MODULE_PATIENCE_MS) : Promise.resolve());
}

/** Calls of the edge runtime. */
export function edgeOf(supervisor: Supervisor, authToken: string): EdgeClient {
  return new EdgeClient({
    url: () => supervisor.address('edge'),
    fetch: moduleFetch(supervisor, 'edge'),
    ready: () => supervisor.waitUntilRunning('edge', MODULE_PATIENCE_MS),
    authToken,
    headers: traceHeaders,
  });
}

/** The edge runtime, the generation service unless another one is configured, and the modules that users add. Nothing is started yet. */
export async function supervisorOf(
  { configuration, clock, random, log, tracing }: ServerOptions & { readonly tracing: Tracing },
  {
    edgeDir,
    authToken,
    cleanUp,
    tell,
  }: { edgeDir: string; authToken: string; cleanUp: AsyncDisposableStack; tell: AlertTellerOptions['announce'] },
): Promise<Supervisor> {
  const { modulesFile: file, secretsDir } = configuration;
  const configured = new ConfiguredModules({
    file,
    secretsDir,
    bundled: modulesOf(configuration, { edgeDir, authToken }),
    clock,
  });
  cleanUp.use(configured.services);
  return new Supervisor({
    modules: await configured.read(),
    readAgain: () => configured.read(),
    connectors: () => configured.services.connectors,
    orchestratorApi: `http://${configuration.host}:${configuration.port}`,
    log: moduleLog(log),
    onAlert: alertTeller({
      announce: tell,
      clock,
      onTrouble: (error) => log.error({ err: error }, 'An alert of a module cannot be told'),
    }),
    onSpans: (module, message) => tracing.takeModuleSpans(module, message),
    clock,
    random,
    times: { drainMs: configuration.drainTimeoutMs },
  });
}

function modulesOf(configuration: Configuration, { edgeDir, authToken }: { edgeDir: string; authToken: string }): ModuleSpec[] {
  // Whether somebody collects spans, and modules are to tell of theirs.
  const traced = configuration.otlpEndpoint === null ? {} : { LOOPWRIGHT_TRACE: '1' };
  const edge: ModuleSpec = {
    id: 'edge',
    launch: { kind: 'node', entry: edgeMainPath() },
    ...BUNDLED,
    requestTimeoutMs: EDGE_TIMEOUT_MS,
    listen: `${configuration.edgeHost}:${configuration.edgePort}`,
    authToken,
    env: {
      ...traced,
      ...(configuration.edgeDeployment === null ? {} : { LOOPWRIGHT_EDGE_DEPLOYMENT: configuration.edgeDeployment }),
      LOOPWRIGHT_EDGE_DATA_DIR: edgeDir,
      // What the server itself makes safe against the loss of power is not lost by the edge; its deployment may ask for it by itself.
      ...(configuration.durability === 'full' ? { LOOPWRIGHT_EDGE_DURABILITY: 'full' } : {}),
      LOOPWRIGHT_EDGE_RETENTION_DAYS: String(configuration.retentionDays),
      LOOPWRIGHT_SANDBOX_JAIL: jailPolicyOf(configuration),
      LOOPWRIGHT_SANDBOX_WORKERS: String(configuration.sandboxWorkers),
      LOOPWRIGHT_SANDBOX_TIMEOUT_MS: String(configuration.sandboxTimeoutMs),
      LOOPWRIGHT_SANDBOX_MEMORY_MB: String(configuration.sandboxMemoryMb),
      LOOPWRIGHT_SANDBOX_STATE: configuration.sandboxState,
    },
  };
  if (configuration.generatorUrl !== null) return [edge];
  const generator: ModuleSpec = {
    id: 'generator',
    launch: { kind: 'node', entry: GENERATOR_MAIN },
    ...BUNDLED,
    ...modelSecrets(configuration),
    // The client of the service has the limit that is configured; this one is only to come after it.
    requestTimeoutMs: configuration.generatorTimeoutSeconds * 1000 + 10_000,
    listen: `127.0.0.1:${configuration.generatorPort}`,
    authToken,
    env: {
      ...traced,
      LOOPWRIGHT_GENERATOR_DATA_DIR: join(configuration.dataDir, 'generator'),
      LOOPWRIGHT_SANDBOX_JAIL: jailPolicyOf(configuration),
      ...modelEnvironment(configuration),
    },
  };
  return [edge, generator];
}

/** The sandbox of scripts in definitions; it starts with the first one. */
export function scriptsOf(configuration: Configuration, openSandbox: OpenServerSandbox, random: Random): SandboxScripts {
  const open = (): ReturnType<OpenServerSandbox> =>
    openSandbox({
      workers: configuration.sandboxWorkers,
      timeoutMs: configuration.sandboxTimeoutMs,
      memoryLimitMb: configuration.sandboxMemoryMb,
    });
  return new SandboxScripts(open, random);
}

/** Calls of the generation service. What keeps its results is closed by `cleanUp`, after the client that is made here. */
export function generationClient(
  configuration: Configuration,
  supervisor: Supervisor,
  parts: { authToken: string; cleanUp: AsyncDisposableStack } & Pick<ServerOptions, 'clock' | 'log'>,
): PtcClient {
  const { authToken, cleanUp, clock, log } = parts;
  const external = configuration.generatorUrl;
  const cache = cleanUp.use(planCacheOf(configuration, clock));
  return new PtcClient({
    serviceUrl: external ?? 'http://generator',
    ...(external === null ? { fetch: generatorFetch(supervisor) } : {}),
    timeoutMs: configuration.generatorTimeoutSeconds * 1000,
    maxRetries: configuration.generatorMaxRetries,
    retryDelayMs: configuration.generatorRetryDelaySeconds * 1000,
    ...(external === null ? { authToken } : {}),
    ...(cache === undefined ? {} : { cache }),
    onCacheTrouble: (error) =>
      log.warn({ err: error }, 'the cache of generated results failed; the execution goes on without it'),
    headers: traceHeaders,
    clock,
  });
}

/** Streams of events go over the socket: who stops to read one is seen there at once. */
function generatorFetch(supervisor: Supervisor): NonNullable<ConstructorParameters<typeof PtcClient>[0]['fetch']> {
  const [ask, follow] = [moduleFetch(supervisor, 'generator'), moduleFetch(supervisor, 'generator', { priority: 'bulk' })];
  return (url, init) => {
    const { pathname } = new URL(url);
    return (pathname.endsWith('/events') ? follow : ask)(pathname, init);
  };
}

/** The cache of generated results; none when it is not wanted. */
function planCacheOf({ dataDir, generatorCacheMaxMb }: Configuration, clock: Clock): PlanCache | undefined {
  if (generatorCacheMaxMb === 0) return undefined;
  return new SqlitePlanCache({ file: join(dataDir, 'plan-cache.db'), maxBytes: generatorCacheMaxMb * 1024 * 1024, clock });
}
