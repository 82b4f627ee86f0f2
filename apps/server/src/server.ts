import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Engine, type Retention } from '@loopwright/engine';
import { ProgramStore, edgeMainPath, openSandbox } from '@loopwright/edge';
import { openServerDatabase } from './database/server-database.ts';
import { engineLimits } from './config/engine-limits.ts';
import { type PlanCache, PtcClient, SqlitePlanCache } from '@loopwright/generation';
import { type Clock, PlatformError, type Random, messageOf } from '@loopwright/protocol';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { Configuration } from './config/settings.ts';
import { ExampleStore } from './examples/example-store.ts';
import { serverFunctions } from './functions/server-functions.ts';
import { createApp } from './http/app.ts';
import { KeptResponses } from './http/kept-responses.ts';
import { openIdentity } from './identity/identity.ts';
import { refuseStrangers } from './identity/refuse-strangers.ts';
import { protectionOf } from './http/protection/protection.ts';
import { moduleLog } from './modules-log.ts';
import { Metrics } from './observability/metrics.ts';
import { observedFunctions } from './observability/observed-functions.ts';
import { Tracing, traceHeaders } from './observability/tracing.ts';
import { outboundHosts } from './outbound/outbound-hosts.ts';
import { Supervisor } from './modules/supervisor.ts';
import { EdgeClient } from './programs/edge-client.ts';
import { ProgramService } from './programs/program-service.ts';
import { SandboxScripts } from './scripts/sandbox-scripts.ts';
import { secretsFolder } from './secrets/secrets-folder.ts';
import { serverHealth } from './server-health.ts';
import { catalogueReader } from './workflows/catalogue-reader.ts';
import { BUNDLED_WORKFLOWS, loadWorkflows } from './workflows/load-workflows.ts';
import { watchWorkflows } from './workflows/watch-workflows.ts';

/** The generation service runs as a process of its own, so its path is all that the server knows of it. */
const GENERATOR_MAIN = join(import.meta.dirname, '../../generator/src/main.ts');

/** How long a step waits for a module that is starting, in milliseconds. */
const MODULE_PATIENCE_MS = 15_000;

/** What the process gives its server. */
export interface ServerOptions {
  readonly configuration: Configuration;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: FastifyBaseLogger;
}

/** A running server. */
export interface Server extends AsyncDisposable {
  /** Base URL of the control plane. */
  readonly url: string;
  /** Drains: no new request, steps under way end and are recorded, modules end. */
  close(): Promise<void>;
}

/**
 * Builds and starts everything: the only place that knows all parts. Executions that were under way go on as soon as the modules run.
 * Throws INVALID_CONFIGURATION, DATA_DIR_IN_USE, STORE_FAILED, INVALID_DEFINITION, or what kept a port from being opened.
 */
export async function startServer({ configuration, clock, random, log }: ServerOptions): Promise<Server> {
  const dataDir = configuration.dataDir;
  const edgeDir = join(dataDir, 'edge');
  const authToken = randomBytes(32).toString('base64url');
  await using cleanUp = new AsyncDisposableStack();

  const supervisor = new Supervisor({
    modules: modulesOf(configuration, { edgeDir, authToken }),
    orchestratorApi: `http://${configuration.host}:${configuration.port}`,
    log: moduleLog(log),
    clock,
    random,
    times: { drainMs: configuration.drainTimeoutMs },
  });
  const edge = new EdgeClient({
    url: () => supervisor.address('edge'),
    ready: () => supervisor.waitUntilRunning('edge', MODULE_PATIENCE_MS),
    authToken,
    headers: traceHeaders,
  });
  const programs = new ProgramStore({ dir: edgeDir, clock });
  const examples = await ExampleStore.open({
    dir: join(dataDir, 'examples'),
    limits: { bytes: configuration.examplesMaxMb * 1024 * 1024 },
    random,
  });
  const cache = planCacheOf(configuration, clock);
  if (cache !== undefined) cleanUp.use(cache);
  const client = cleanUp.use(generationClient(configuration, supervisor, { authToken, clock, log, cache }));
  const functions = serverFunctions({
    configuration,
    client,
    generatorReady: () =>
      configuration.generatorUrl === null ? supervisor.waitUntilRunning('generator', MODULE_PATIENCE_MS) : Promise.resolve(),
    edge,
    examples,
    programs,
  });
  const tracing = cleanUp.use(new Tracing(configuration.otlpEndpoint));
  let metrics: Metrics | undefined;
  const scripts = cleanUp.use(scriptsOf(configuration, { clock, random, log }));
  const outbound = outboundHosts(configuration.callPrivateHosts);
  cleanUp.defer(() => outbound.close());
  const engine = new Engine({
    dir: join(dataDir, 'engine'),
    durability: configuration.durability,
    clock,
    random,
    functions: observedFunctions(functions, { tracing, metrics: () => metrics }),
    scripts,
    ...(configuration.secretsDir === null ? {} : { secrets: secretsFolder(configuration.secretsDir) }),
    inlineCharacters: configuration.inlineValueMaxKb * 1024,
    retention: retentionOf(configuration),
    limits: engineLimits(configuration),
    httpCalls: outbound,
    onTrouble: (message, error) => log.error({ err: error }, message),
  });
  // Ended in the opposite order: requests, then executions, then the modules that their steps use.
  cleanUp.use(supervisor);
  cleanUp.defer(() => engine.close(configuration.drainTimeoutMs));
  const folder = configuration.workflowsDir ?? BUNDLED_WORKFLOWS;
  const readCatalogue = catalogueReader(join(dataDir, 'catalogue'), outbound);
  for (const definition of await loadWorkflows(folder, engine.functions, readCatalogue)) await engine.register(definition);
  cleanUp.defer(watchWorkflows(folder, engine, { clock, log, readCatalogue }));

  const database = openServerDatabase({ dir: dataDir, durability: configuration.durability, clock });
  cleanUp.defer(() => database.destroy());
  const identity = await openIdentity({ configuration, database, clock, random, log, newUserRole: () => 'viewer' });
  await refuseStrangers(configuration, identity);
  const responses = cleanUp.use(new KeptResponses({ dir: dataDir, durability: configuration.durability, clock }));
  const health = serverHealth({ supervisor, engine, clock });
  metrics = cleanUp.use(new Metrics({ engine, health }));
  const app = await createApp({
    engine,
    database,
    identity,
    tracing,
    metrics,
    examples,
    programs: new ProgramService(programs, edge),
    health,
    clock,
    random,
    log,
    bodyLimitBytes: configuration.bodyMaxKb * 1024,
    protection: protectionOf(configuration),
    responses,
  });
  cleanUp.defer(() => closeApp(app, clock, configuration.drainTimeoutMs));
  const url = await listen(app, configuration);
  supervisor.start();
  engine.recover();
  const parts = cleanUp.move();
  return { url, close: () => parts.disposeAsync(), [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

const DAY_MS = 86_400_000;

function retentionOf({ journalRetentionDays, executionsRetentionDays }: Configuration): Retention {
  return {
    ...(journalRetentionDays === null ? {} : { journalMs: journalRetentionDays * DAY_MS }),
    ...(executionsRetentionDays === null ? {} : { executionsMs: executionsRetentionDays * DAY_MS }),
  };
}

function modulesOf(
  configuration: Configuration,
  { edgeDir, authToken }: { edgeDir: string; authToken: string },
): ConstructorParameters<typeof Supervisor>[0]['modules'] {
  const edge = {
    id: 'edge',
    entry: edgeMainPath(),
    listen: `${configuration.edgeHost}:${configuration.edgePort}`,
    authToken,
    env: {
      LOOPWRIGHT_EDGE_DATA_DIR: edgeDir,
      LOOPWRIGHT_EDGE_RETENTION_DAYS: String(configuration.retentionDays),
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
    env: { LOOPWRIGHT_GENERATOR_DATA_DIR: join(configuration.dataDir, 'generator') },
  };
  return [edge, generator];
}

function scriptsOf(configuration: Configuration, { clock, random, log }: Omit<ServerOptions, 'configuration'>): SandboxScripts {
  const open = (): ReturnType<typeof openSandbox> =>
    openSandbox({
      clock,
      workers: configuration.sandboxWorkers,
      timeoutMs: configuration.sandboxTimeoutMs,
      memoryLimitMb: configuration.sandboxMemoryMb,
      log: (message) => log.warn(message),
    });
  return new SandboxScripts(open, random);
}

function generationClient(
  configuration: Configuration,
  supervisor: Supervisor,
  { authToken, clock, log, cache }: { authToken: string; clock: Clock; log: ServerOptions['log']; cache: PlanCache | undefined },
): PtcClient {
  const external = configuration.generatorUrl;
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

function planCacheOf({ dataDir, generatorCacheMaxMb }: Configuration, clock: Clock): PlanCache | undefined {
  if (generatorCacheMaxMb === 0) return undefined;
  return new SqlitePlanCache({ file: join(dataDir, 'plan-cache.db'), maxBytes: generatorCacheMaxMb * 1024 * 1024, clock });
}

/** Answers what is under way for as long as it may take, then cuts what is left. */
async function closeApp(app: FastifyInstance, clock: Clock, drainMs: number): Promise<void> {
  const cancel = clock.schedule(drainMs, () => app.server.closeAllConnections());
  await app.close();
  cancel();
}

async function listen(app: FastifyInstance, { host, port }: Configuration): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    throw new PlatformError('INVALID_CONFIGURATION', `Cannot listen on ${host}:${port}: ${messageOf(error)}`, { cause: error });
  }
}
