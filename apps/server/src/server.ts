import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Engine } from '@loopwright/engine';
import { ProgramStore, edgeMainPath, openSandbox } from '@loopwright/edge';
import { openPermissions } from './authorization/open-permissions.ts';
import { ResourceProjects } from './authorization/resource-projects.ts';
import { type ServerDatabase, openServerDatabase } from './database/server-database.ts';
import { streamLimits, webhookTimes } from './config/event-options.ts';
import { engineSettings } from './config/engine-settings.ts';
import { PtcClient } from '@loopwright/generation';
import { type Clock, PlatformError, type Random, messageOf } from '@loopwright/protocol';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { openAgents } from './agents/open-agents.ts';
import type { Configuration } from './config/settings.ts';
import { EventStreams } from './events/event-streams.ts';
import type { MaySee } from './events/may-see.ts';
import { ExampleStore } from './examples/example-store.ts';
import { serverFunctions } from './functions/server-functions.ts';
import { type AppParts, createApp } from './http/app.ts';
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
import { Rollbacks } from './checkpoints/rollbacks.ts';
import { type GovernanceOptions, type OpenGovernance, openGovernance } from './governance/open-governance.ts';
import { Runs, type RunsOptions } from './runs/runs.ts';
import { Workspaces } from './runs/workspace/workspaces.ts';
import { SandboxScripts } from './scripts/sandbox-scripts.ts';
import { serverHealth } from './server-health.ts';
import { SecretBox } from './webhooks/secret-box.ts';
import { Webhooks } from './webhooks/webhooks.ts';
import { catalogueReader } from './workflows/catalogue-reader.ts';
import { BUNDLED_PROFILES, BUNDLED_WORKFLOWS } from './workflows/load-workflows.ts';
import { useWorkflows } from './workflows/watch-workflows.ts';

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

  const supervisor = supervisorOf({ configuration, clock, random, log }, { edgeDir, authToken });
  const edge = edgeOf(supervisor, authToken);
  const programs = new ProgramStore({ dir: edgeDir, clock });
  const workspaces = new Workspaces({ dir: join(dataDir, 'workspaces'), database: () => database, random });
  const examples = await openExamples(configuration, random);
  const resources = new ResourceProjects({ database: () => database, clock });
  const client = cleanUp.use(generationClient(configuration, supervisor, { authToken, clock }));
  const records = { database: () => database, workspaces, read: () => engine.read };
  const gates = cleanUp.use(gatesOf(configuration, { ...records, clock, random, log }));
  const made = { examples, programs, edge, workspaces };
  const agents = cleanUp.use(openAgents({ configuration, ...made, database: () => database, clock, random }));
  const functions = serverFunctions({
    configuration,
    client,
    generatorReady: () => generatorReady(configuration, supervisor),
    resources,
    ...made,
    others: { ...gates.functions, ...agents.functions },
  });
  const tracing = cleanUp.use(new Tracing(configuration.otlpEndpoint));
  let metrics: Metrics | undefined;
  const scripts = cleanUp.use(scriptsOf(configuration, { clock, random, log }));
  const outbound = outboundHosts(configuration.callPrivateHosts);
  cleanUp.defer(() => outbound.close());
  const engine: Engine = new Engine({
    ...engineSettings(configuration),
    clock,
    random,
    functions: observedFunctions(functions, { tracing, metrics: () => metrics }),
    scripts,
    httpCalls: outbound,
    onTrouble: (message, error) => log.error({ err: error }, message),
  });
  // Behind the engine, which holds the folder.
  const database = openServerDatabase({ dir: dataDir, durability: configuration.durability, clock });
  // Ended in the opposite order: requests, then executions, then the tables and the modules that their steps use.
  cleanUp.defer(() => database.destroy());
  cleanUp.use(supervisor);
  cleanUp.defer(() => engine.close(configuration.drainTimeoutMs));
  const readCatalogue = catalogueReader(join(dataDir, 'catalogue'), outbound);
  cleanUp.defer(await useWorkflows(definitionFolders(configuration), engine, { clock, log, readCatalogue }));
  const own = { engine, database, clock, random, log };
  const { runs, rollbacks } = runsOf(configuration, { ...own, workspaces, gates });
  cleanUp.use(runs);
  const responses = cleanUp.use(new KeptResponses({ dir: dataDir, durability: configuration.durability, clock }));
  const served = new ProgramService(programs, edge);
  const known = cleanUp.use(await openPermissions(configuration, { ...own, programs, served, resources }));
  const { authorization, audit } = known;
  const identity = await openIdentity({ ...own, configuration, newUserRole: known.newUserRole });
  await refuseStrangers(configuration, identity);
  const events = cleanUp.use(await openEvents(configuration, { ...own, maySee: authorization.maySee }));
  const health = serverHealth({ supervisor, engine, audit, clock });
  metrics = cleanUp.use(new Metrics({ engine, health }));
  const app = await createApp({
    engine,
    database,
    identity,
    authorization,
    audit,
    runs,
    governance: gates.governance,
    checkpoints: gates.checkpoints,
    rollbacks,
    runNextWaitMs: configuration.runNextWaitSeconds * 1000,
    tracing,
    metrics,
    examples,
    programs: served,
    money: agents.money,
    health,
    clock,
    random,
    log,
    bodyLimitBytes: configuration.bodyMaxKb * 1024,
    protection: protectionOf(configuration),
    responses,
    ...events,
  });
  cleanUp.defer(() => closeApp(app, clock, configuration.drainTimeoutMs));
  const url = await listen(app, configuration);
  supervisor.start();
  engine.recover();
  await runs.recover();
  await rollbacks.recover();
  const parts = cleanUp.move();
  return { url, close: () => parts.disposeAsync(), [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

function openExamples({ dataDir, examplesMaxMb }: Configuration, random: Random): Promise<ExampleStore> {
  return ExampleStore.open({ dir: join(dataDir, 'examples'), limits: { bytes: examplesMaxMb * 1024 * 1024 }, random });
}

/** Where definitions come from; what is read later comes before what has the same name. */
function definitionFolders({ workflowsDir, profilesDir }: Configuration): string[] {
  return [workflowsDir ?? BUNDLED_WORKFLOWS, BUNDLED_PROFILES, profilesDir].filter((folder) => folder !== null);
}

const DAY_MS = 86_400_000;

function gatesOf(
  { policiesDir }: Configuration,
  { log, ...parts }: Omit<GovernanceOptions, 'policiesDir' | 'log'> & Pick<ServerOptions, 'log'>,
): OpenGovernance {
  return openGovernance({ policiesDir, ...parts, log: (message) => log.warn(message) });
}

function runsOf(
  configuration: Configuration,
  { database, gates, ...parts }: Omit<RunsOptions, 'keepWorkspacesMs' | 'quality'> & { readonly gates: OpenGovernance },
): { readonly runs: Runs; readonly rollbacks: Rollbacks } {
  const { quality } = gates.governance;
  const runs = new Runs({ ...parts, database, ...retentionOfRuns(configuration), quality });
  return { runs, rollbacks: new Rollbacks({ ...parts, runs, store: gates.checkpointStore }) };
}

async function generatorReady({ generatorUrl }: Configuration, supervisor: Supervisor): Promise<void> {
  if (generatorUrl === null) await supervisor.waitUntilRunning('generator', MODULE_PATIENCE_MS);
}

function retentionOfRuns({ workspacesRetentionDays: days }: Configuration): { keepWorkspacesMs: number | null } {
  return { keepWorkspacesMs: days === null ? null : days * DAY_MS };
}

function edgeOf(supervisor: Supervisor, authToken: string): EdgeClient {
  return new EdgeClient({
    url: () => supervisor.address('edge'),
    ready: () => supervisor.waitUntilRunning('edge', MODULE_PATIENCE_MS),
    authToken,
    headers: traceHeaders,
  });
}

function supervisorOf(
  { configuration, clock, random, log }: ServerOptions,
  modules: { edgeDir: string; authToken: string },
): Supervisor {
  return new Supervisor({
    modules: modulesOf(configuration, modules),
    orchestratorApi: `http://${configuration.host}:${configuration.port}`,
    log: moduleLog(log),
    clock,
    random,
    times: { drainMs: configuration.drainTimeoutMs },
  });
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
  { authToken, clock }: { authToken: string; clock: Clock },
): PtcClient {
  const external = configuration.generatorUrl;
  return new PtcClient({
    serviceUrl: external ?? (() => supervisor.address('generator')),
    timeoutMs: configuration.generatorTimeoutSeconds * 1000,
    maxRetries: configuration.generatorMaxRetries,
    retryDelayMs: configuration.generatorRetryDelaySeconds * 1000,
    ...(external === null ? { authToken } : {}),
    headers: traceHeaders,
    clock,
  });
}

/** What tells others of events. */
type EventParts = AsyncDisposable & Pick<AppParts, 'streams' | 'webhooks' | 'maySee'>;

async function openEvents(
  configuration: Configuration,
  {
    engine,
    database,
    maySee,
    clock,
    random,
    log,
  }: Omit<ServerOptions, 'configuration'> & {
    engine: Engine;
    database: ServerDatabase;
    maySee: MaySee;
  },
): Promise<EventParts> {
  const streams = new EventStreams({ engine, clock, maySee, limits: streamLimits(configuration) });
  const hosts = outboundHosts(configuration.webhookPrivateHosts, 'webhook_private_hosts');
  const webhooks = await Webhooks.open({
    database,
    source: streams.global,
    onCommit: (wake) => engine.subscribeAll(wake),
    hosts,
    secrets: new SecretBox(join(configuration.dataDir, 'webhooks.key')),
    clock,
    random,
    ...webhookTimes(configuration),
    onTrouble: (message, error) => log.error({ err: error }, message),
  });
  return {
    streams,
    webhooks,
    maySee,
    [Symbol.asyncDispose]: async () => {
      await webhooks[Symbol.asyncDispose]();
      await hosts.close();
    },
  };
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
