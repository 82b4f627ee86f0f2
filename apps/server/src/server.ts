import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Engine, type EngineOptions, type Retention } from '@loopwright/engine';
import { ProgramStore } from '@loopwright/edge';
import { openPermissions } from './authorization/open-permissions.ts';
import { ResourceProjects } from './authorization/resource-projects.ts';
import { BUILT_DASHBOARD, readDashboard } from './dashboard/dashboard-files.ts';
import { openServerDatabase } from './database/server-database.ts';
import { engineLimits } from './config/engine-limits.ts';
import { shownSettings } from './config/shown-settings.ts';
import { eventRoutes } from './config/event-options.ts';
import { type Clock, PlatformError, type Random, messageOf } from '@loopwright/protocol';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { type Agents, openAgents } from './agents/open-agents.ts';
import type { Configuration } from './config/settings.ts';
import { openEvents } from './events/open-events.ts';
import { ExampleStore } from './examples/example-store.ts';
import { serverFunctions } from './functions/server-functions.ts';
import { type AppParts, createApp } from './http/app.ts';
import { KeptResponses } from './http/kept-responses.ts';
import { openIdentity } from './identity/identity.ts';
import { refuseStrangers } from './identity/refuse-strangers.ts';
import { protectionOf } from './http/protection/protection.ts';
import { Metrics } from './observability/metrics.ts';
import { observedFunctions } from './observability/observed-functions.ts';
import { Tracing } from './observability/tracing.ts';
import { edgeOf, generationClient, generatorReady, scriptsOf, supervisorOf } from './modules/server-modules.ts';
import { openAttachListener } from './modules/attach/open-attach-listener.ts';
import { sandboxOpener } from './modules/sandboxes.ts';
import { outboundHosts } from './outbound/outbound-hosts.ts';
import { BehaviourDiffs } from './programs/behaviour-diffs.ts';
import { openPrograms } from './programs/open-programs.ts';
import { Rollbacks } from './checkpoints/rollbacks.ts';
import { type OpenGovernance, openGovernance } from './governance/open-governance.ts';
import type { PolicyFolder } from './governance/policy/policy-folder.ts';
import { followPolicies } from './governance/policy/follow-policies.ts';
import { Runs, type RunsOptions } from './runs/runs.ts';
import { Workspaces } from './runs/workspace/workspaces.ts';
import { secretsFolder } from './secrets/secrets-folder.ts';
import type { Supervisor } from './modules/supervisor.ts';
import { serverHealth } from './server-health.ts';
import { catalogueReader } from './workflows/catalogue-reader.ts';
import { BUNDLED_PROFILES, BUNDLED_WORKFLOWS } from './workflows/load-workflows.ts';
import { openWatching } from './watching/open-watching.ts';
import { useWorkflows } from './workflows/watch-workflows.ts';

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
  /** Takes what has changed in files that may change while it runs: the policies, and the modules that users add. What is wrong is in the log, and changes nothing. */
  reload(): Promise<void>;
  /** Drains: no new request, steps under way end and are recorded, modules end. */
  close(): Promise<void>;
}

/**
 * Builds and starts everything: the only place that knows all parts. Executions that were under way go on as soon as the modules run.
 * Throws INVALID_CONFIGURATION, DATA_DIR_IN_USE, STORE_FAILED, INVALID_DEFINITION, or what kept a port from being opened.
 */
export async function startServer({ configuration, clock, random, log }: ServerOptions): Promise<Server> {
  const { dataDir, policiesDir, profilesDir } = configuration;
  const edgeDir = join(dataDir, 'edge');
  const authToken = randomBytes(32).toString('base64url');
  await using cleanUp = new AsyncDisposableStack();
  const tracing = cleanUp.use(await tracingOf(configuration, { clock, log }));
  const tell = (notice: Parameters<Engine['announce']>[0]): Promise<void> => engine.announce(notice);
  const supervisor = await supervisorOf({ configuration, clock, random, log, tracing }, { edgeDir, authToken, cleanUp, tell });
  const edge = edgeOf(supervisor, authToken);
  const programs = new ProgramStore({ dir: edgeDir, clock });
  const workspaces = new Workspaces({ dir: join(dataDir, 'workspaces'), database: () => database, random });
  const examples = await openExamples(configuration, random);
  const resources = new ResourceProjects({ database: () => database, clock });
  const client = cleanUp.use(generationClient(configuration, supervisor, { authToken, cleanUp, clock, log }));
  const records = { database: () => database, workspaces, read: () => engine.read };
  const openSandbox = sandboxOpener(configuration, { clock, log });
  const gates = cleanUp.use(openGovernance({ policiesDir, ...records, openSandbox, clock, random }));
  const { policies } = gates.governance;
  const diffs = new BehaviourDiffs({ edge, database: () => database, clock });
  const made = { examples, programs, resources, diffs, edge, workspaces, supervisor };
  const agents = cleanUp.use(openAgents({ configuration, ...made, database: () => database, clock, random }));
  const functions = serverFunctions({
    configuration,
    client,
    generatorReady: generatorReady(configuration, supervisor),
    ...made,
    others: { ...gates.functions, ...agents.functions },
  });
  let metrics: Metrics | undefined;
  const outbound = cleanUp.adopt(outboundHosts(configuration.callPrivateHosts), (hosts) => hosts.close());
  const engine: Engine = new Engine({
    ...engineSettings(configuration),
    clock,
    random,
    functions: observedFunctions(functions, { tracing, metrics: () => metrics }),
    scripts: cleanUp.use(scriptsOf(configuration, openSandbox, random)),
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
  cleanUp.defer(await useWorkflows(definitionFolders(configuration), engine, { clock, log, readCatalogue, profilesDir }));
  const { runs, rollbacks } = runsOf(configuration, { engine, database, workspaces, gates, clock, random, log });
  cleanUp.use(runs);
  const opened = cleanUp.use(openPrograms({ ...made, engine, database, clock, random, log: (text) => log.warn(text) }));
  const { newUserRole, authorization, audit } = cleanUp.use(
    await openPermissions(configuration, { database, engine, programs, served: opened.programs, resources, clock, random, log }),
  );
  const identity = await openIdentity({ configuration, database, clock, random, log, newUserRole });
  await refuseStrangers(configuration, identity);
  const events = cleanUp.use(await openEvents(configuration, { engine, database, ...authorization, clock, random, log }));
  cleanUp.defer(followPolicies(policies, { audit, log }));
  const watched = { ...made, ...opened, database, engine, programs, audit, models: agents.models };
  const watching = cleanUp.use(openWatching(configuration, { ...watched, clock, random, log }));
  const health = serverHealth({ supervisor, engine, audit, policies, clock });
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
    ...opened,
    supervisor,
    ...modelParts(agents),
    watching,
    health,
    clock,
    random,
    log,
    ...configured(configuration),
    responses: cleanUp.use(new KeptResponses({ dir: dataDir, durability: configuration.durability, clock })),
    ...events,
    dashboard: await readDashboard(BUILT_DASHBOARD),
  });
  const url = await openDoors(app, { configuration, runs, supervisor, clock, log }, cleanUp);
  await takeUp({ supervisor, engine, watching, parts: [runs, rollbacks, opened.rollouts] });
  return running(url, () => readAgain(policies, supervisor, log), cleanUp.move());
}

/** What models cost, and whether they can be asked. */
function modelParts({ money, models: { models } }: Agents): Pick<AppParts, 'money' | 'models'> {
  return { money, models };
}

/** What keeps one of those who use the server from using it up, and what administrators see of the configuration. */
function configured(configuration: Configuration): Pick<AppParts, 'bodyLimitBytes' | 'protection' | 'settings'> {
  return {
    bodyLimitBytes: configuration.bodyMaxKb * 1024,
    protection: protectionOf(configuration),
    settings: shownSettings(configuration),
  };
}

/** Goes on with what the process before left in the middle. */
async function takeUp({
  supervisor,
  engine,
  watching,
  parts,
}: Pick<AppParts, 'engine' | 'watching'> & {
  supervisor: Supervisor;
  parts: readonly { recover(): Promise<void> }[];
}): Promise<void> {
  supervisor.start();
  engine.recover();
  for (const part of parts) await part.recover();
  watching.watcher.start();
}

async function readAgain(policies: PolicyFolder, supervisor: Supervisor, log: FastifyBaseLogger): Promise<void> {
  await policies.refresh();
  try {
    log.info(await supervisor.reload(), 'Took the configuration of the modules');
  } catch (error) {
    log.error({ err: error }, 'The configuration of the modules is as it was');
  }
}

function running(url: string, reload: Server['reload'], parts: AsyncDisposableStack): Server {
  const close = (): Promise<void> => parts.disposeAsync();
  return { url, reload, close, [Symbol.asyncDispose]: close };
}

/** Opened first, so that it ends last: the modules tell of their last spans when they end. */
function tracingOf({ otlpEndpoint }: Configuration, { clock, log }: Pick<ServerOptions, 'clock' | 'log'>): Promise<Tracing> {
  const tell = (module: string, refused: number): void => log.warn({ module, refused }, 'Spans of a module were left out');
  return Tracing.open(otlpEndpoint, { clock, tell });
}

function openExamples({ dataDir, examplesMaxMb }: Configuration, random: Random): Promise<ExampleStore> {
  return ExampleStore.open({ dir: join(dataDir, 'examples'), limits: { bytes: examplesMaxMb * 1024 * 1024 }, random });
}

/** Where definitions come from; what is read later comes before what has the same name. */
function definitionFolders({ workflowsDir, profilesDir }: Configuration): string[] {
  return [workflowsDir ?? BUNDLED_WORKFLOWS, BUNDLED_PROFILES, profilesDir].filter((folder) => folder !== null);
}

const DAY_MS = 86_400_000;

/** What the settings say to the engine. */
function engineSettings(
  configuration: Configuration,
): Pick<EngineOptions, 'dir' | 'durability' | 'secrets' | 'inlineCharacters' | 'retention' | 'limits' | 'eventRoutes'> {
  return {
    dir: join(configuration.dataDir, 'engine'),
    durability: configuration.durability,
    ...(configuration.secretsDir === null ? {} : { secrets: secretsFolder(configuration.secretsDir) }),
    inlineCharacters: configuration.inlineValueMaxKb * 1024,
    retention: retentionOf(configuration),
    limits: engineLimits(configuration),
    eventRoutes: eventRoutes(configuration),
  };
}

function runsOf(
  configuration: Configuration,
  {
    database,
    gates,
    ...parts
  }: Omit<RunsOptions, 'keepWorkspacesMs' | 'quality' | 'warnings'> & { readonly gates: OpenGovernance },
): { readonly runs: Runs; readonly rollbacks: Rollbacks } {
  const { quality, warnings } = gates.governance;
  const runs = new Runs({ ...parts, database, ...retentionOfRuns(configuration), quality, warnings });
  return { runs, rollbacks: new Rollbacks({ ...parts, runs, store: gates.checkpointStore }) };
}

function retentionOfRuns({ workspacesRetentionDays: days }: Configuration): { keepWorkspacesMs: number | null } {
  return { keepWorkspacesMs: days === null ? null : days * DAY_MS };
}

function retentionOf({ journalRetentionDays, executionsRetentionDays, eventsRetentionDays }: Configuration): Retention {
  return {
    ...(journalRetentionDays === null ? {} : { journalMs: journalRetentionDays * DAY_MS }),
    ...(eventsRetentionDays === null ? {} : { streamMs: eventsRetentionDays * DAY_MS }),
    ...(executionsRetentionDays === null ? {} : { executionsMs: executionsRetentionDays * DAY_MS }),
  };
}

/** Answers what is under way for as long as it may take, then cuts what is left. */
async function closeApp(app: FastifyInstance, clock: Clock, drainMs: number): Promise<void> {
  const cancel = clock.schedule(drainMs, () => app.server.closeAllConnections());
  await app.close();
  cancel();
}

/** Opens what people and programs come through, and what modules of other hosts do. */
async function openDoors(
  app: FastifyInstance,
  { configuration, runs, supervisor, clock, log }: Omit<ServerOptions, 'random'> & { runs: Runs; supervisor: Supervisor },
  cleanUp: AsyncDisposableStack,
): Promise<string> {
  cleanUp.defer(() => closeApp(app, clock, configuration.drainTimeoutMs));
  const url = await listen(app, configuration, runs);
  cleanUp.use(await openAttachListener(configuration, { supervisor, clock, log: (text) => log.warn(text) }));
  return url;
}

async function listen(app: FastifyInstance, { host, port }: Configuration, runs: Runs): Promise<string> {
  await runs.removeLeftovers();
  try {
    return await app.listen({ host, port });
  } catch (error) {
    throw new PlatformError('INVALID_CONFIGURATION', `Cannot listen on ${host}:${port}: ${messageOf(error)}`, { cause: error });
  }
}
