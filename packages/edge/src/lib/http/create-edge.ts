import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { PlatformError, type Random, isLoopback, programNameSchema } from '@loopwright/protocol';
import { ModuleTrace } from '@loopwright/module-sdk';
import Fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import { DataJobs } from '../dataset/data-jobs.ts';
import { Datasets, type DatasetsOptions, type Retention } from '../dataset/datasets.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { type SandboxOptions, openSandbox } from '../sandbox/open-sandbox.ts';
import { AdjustableSandbox, type SandboxLimits } from '../serve/adjustable-sandbox.ts';
import { ServedPrograms } from '../serve/served-programs.ts';
import { ProgramStore } from '../store/program-store.ts';
import { openWatching } from '../watching/open-watching.ts';
import type { WatchingOptions } from '../watching/watching-options.ts';
import { batchRoute } from './batch-route.ts';
import { diffRoute } from './diff-route.ts';
import type { EdgeParts } from './edge-parts.ts';
import { answerErrors, errorAnswers } from './error-answers.ts';
import { RemoteSource, type RemoteSourceOptions } from '../remote/remote-source.ts';
import { EdgeRollouts } from '../rollout/edge-rollouts.ts';
import { executeRoutes } from './execute-routes.ts';
import { exportRoutes } from './export-routes.ts';
import { BODY_LIMIT_BYTES } from './limits.ts';
import { answerPlainPosts } from './plain-posts.ts';
import { queryRoute } from './query-route.ts';
import { refreshRoute } from './refresh-route.ts';
import { rolloutRoute } from './rollout-route.ts';
import { statusRoutes } from './status-routes.ts';
import { tailRoute } from './tail-route.ts';
import { taskRoutes } from './task-routes.ts';
import { traceRequests } from './trace-requests.ts';
import { watchingRoutes } from './watching-routes.ts';

/** How an edge is made. */
export interface EdgeOptions extends Omit<DatasetsOptions, 'dir' | 'log'> {
  /** Holds `artifacts/` (read) and `datasets/` (written). */
  readonly dataDir: string;
  /** The program for requests that name none. Left out: the only active one. */
  readonly taskId?: string | undefined;
  /** Limits of programs, and the jail in which they run: from `openJail`, or `noJail` for programs of one's own. */
  readonly sandbox: Omit<SandboxOptions, 'clock' | 'log'>;
  /** Expected as `Authorization: Bearer …` by `POST /tasks/:task_id/refresh`. Left out: anybody may refresh. */
  readonly authToken?: string | undefined;
  /** Answers only requests whose `Host` is of this machine: a page that rebinds a name to it gets nothing. Default `false`. */
  readonly loopbackOnly?: boolean;
  readonly random: Random;
  /** Where it tells what it did for which request. Left out: nowhere. */
  readonly trace?: ModuleTrace;
  /** What is chosen for validation, who validates it, and when traffic counts as changed. Left out: nothing is watched. */
  readonly watching?: WatchingOptions | undefined;
  /** The control plane that programs come from. Left out: they are in the data folder already. */
  readonly source?: Pick<RemoteSourceOptions, 'url' | 'token' | 'programs' | 'intervalMs'> | undefined;
  /** Told in one line what an operator should know. */
  readonly log?: (message: string) => void;
}

/** An edge that is ready to listen. */
export interface Edge extends AsyncDisposable {
  /** Not listening yet: call `app.listen`, or `app.inject` in tests. Hooks that are added to it do not see plain requests to `/execute` (`answerPlainPosts`). */
  readonly app: FastifyInstance;
  /** Keeps records for another time from now on. */
  retain(retention: Retention): void;
  /** Runs programs within other limits from now on; calls under way keep theirs. Throws INVALID_CONFIGURATION, SERVICE_UNAVAILABLE: all stays as it was. */
  adjust(limits: SandboxLimits): Promise<void>;
  /** Samples, validates and looks for drift in another way from now on; what was found out stays. */
  watch(options: WatchingOptions): void;
  /** Finishes the requests under way, writes the analytics of the day and ends the workers. */
  close(): Promise<void>;
}

const manifestSchema = z.object({ version: z.string() });

/**
 * Makes an edge: opens its sandbox, loads the active versions and follows them. A data folder without any program is fine.
 *
 * @throws PlatformError INVALID_CONFIGURATION, SERVICE_UNAVAILABLE
 */
export async function createEdge(options: EdgeOptions): Promise<Edge> {
  const { dataDir, taskId, authToken, clock, random, log = () => undefined } = options;
  const { trace = new ModuleTrace(null) } = options;
  if (taskId !== undefined && !programNameSchema.safeParse(taskId).success) {
    throw new PlatformError('INVALID_CONFIGURATION', `Cannot serve ${JSON.stringify(taskId)}: it is no name of a program`);
  }
  const sandboxOptions: SandboxOptions = { state: 'fresh', ...options.sandbox, clock, log };
  const sandbox = await AdjustableSandbox.open(sandboxOptions, trace);
  const store = new ProgramStore({ dir: dataDir, clock });
  const programs = new ServedPrograms({ store, sandbox, trace, clock, taskId, log });
  const datasets = new Datasets({ ...options, dir: dataDir, log });
  const { watching, reconfigure, close: stopWatching } = openWatching(options, { programs, datasets, sandbox });
  const tools = { sandbox, trace, clock, random, watching };
  const openShadowSandbox = (): Promise<Sandbox> => openSandbox({ ...sandbox.options, workers: 1 });
  const rollouts = new EdgeRollouts({ store, datasets, dataDir, tools, openShadowSandbox, log });
  const { source } = options;
  const onChange = (name: string, alias: string): Promise<unknown> => programs.refreshAlias(name, alias);
  const remote = source && new RemoteSource({ ...source, store, clock, random, onChange, log });
  await remote?.open();
  await programs.open();
  await rollouts.open();
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_LIMIT_BYTES,
    routerOptions: { maxParamLength: 100 },
    // A request that has come in is answered, also while the edge closes.
    return503OnClosing: false,
  });
  const answerError = errorAnswers({ random, log });
  answerErrors(app, answerError);
  traceRequests(app, trace);
  if (options.loopbackOnly === true) refuseForeignHosts(app);
  const jobs = new DataJobs({ dataDir, clock, random });
  const parts: EdgeParts = {
    ...tools,
    programs,
    remote,
    rollouts,
    datasets,
    jobs,
    watching,
    dataDir,
    authToken,
    taskId,
    log,
    packageVersion: readPackageVersion(),
  };
  const executing = executeRoutes(app, parts);
  const isForeign = ({ headers: { host } }: IncomingMessage): boolean =>
    options.loopbackOnly === true && (host === undefined || !isLoopback(host));
  answerPlainPosts(app, { handlerOf: (request) => (isForeign(request) ? undefined : executing(request)), answerError });
  const serving = [taskRoutes, batchRoute, statusRoutes];
  for (const addRoutes of [
    ...serving,
    refreshRoute,
    diffRoute,
    rolloutRoute,
    watchingRoutes,
    exportRoutes,
    queryRoute,
    tailRoute,
  ])
    addRoutes(app, parts);
  const close = async (): Promise<void> => {
    await jobs[Symbol.asyncDispose]();
    await app.close();
    await remote?.[Symbol.asyncDispose]();
    programs.close();
    await rollouts.close();
    trace.close();
    await stopWatching();
    await datasets.close().finally(() => sandbox.close());
  };
  return {
    app,
    retain: (retention) => datasets.retain(retention),
    adjust: (limits) => sandbox.adjust(limits),
    watch: reconfigure,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function readPackageVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return manifestSchema.parse(JSON.parse(text)).version;
}

function refuseForeignHosts(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ host }) => {
    if (!isLoopback(host))
      throw new PlatformError('FORBIDDEN', `Cannot answer for the host "${host}": this edge serves loopback only`);
  });
}
