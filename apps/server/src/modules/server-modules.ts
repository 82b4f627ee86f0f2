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
import { type OpenServerSandbox, jailPolicyOf } from './sandboxes.ts';
import { modelEnvironment } from './model-environment.ts';
import { Supervisor } from './supervisor.ts';

/** The generation service runs as a process of its own, so its path is all that the server knows of it. */
const GENERATOR_MAIN = join(import.meta.dirname, '../../../generator/src/main.ts');

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
    ready: () => supervisor.waitUntilRunning('edge', MODULE_PATIENCE_MS),
    authToken,
    headers: traceHeaders,
  });
}

/** Starts the edge runtime, and the generation service unless another one is configured. */
export function supervisorOf(
  { configuration, clock, random, log, tracing }: ServerOptions & { readonly tracing: Tracing },
  modules: { edgeDir: string; authToken: string },
): Supervisor {
  return new Supervisor({
    modules: modulesOf(configuration, modules),
    orchestratorApi: `http://${configuration.host}:${configuration.port}`,
    log: moduleLog(log),
    onSpans: (module, message) => tracing.takeModuleSpans(module, message),
    clock,
    random,
    times: { drainMs: configuration.drainTimeoutMs },
  });
}

function modulesOf(
  configuration: Configuration,
  { edgeDir, authToken }: { edgeDir: string; authToken: string },
): ConstructorParameters<typeof Supervisor>[0]['modules'] {
  // Whether somebody collects spans, and modules are to tell of theirs.
  const traced = configuration.otlpEndpoint === null ? {} : { LOOPWRIGHT_TRACE: '1' };
  const edge = {
    id: 'edge',
    entry: edgeMainPath(),
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
    },
  };
  if (configuration.generatorUrl !== null) return [edge];
  const generator = {
    id: 'generator',
    entry: GENERATOR_MAIN,
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
    serviceUrl: external ?? (() => supervisor.address('generator')),
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

/** The cache of generated results; none when it is not wanted. */
function planCacheOf({ dataDir, generatorCacheMaxMb }: Configuration, clock: Clock): PlanCache | undefined {
  if (generatorCacheMaxMb === 0) return undefined;
  return new SqlitePlanCache({ file: join(dataDir, 'plan-cache.db'), maxBytes: generatorCacheMaxMb * 1024 * 1024, clock });
}
