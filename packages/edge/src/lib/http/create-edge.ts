import { readFileSync } from 'node:fs';
import { PlatformError, type Random, isLoopback, programNameSchema } from '@loopwright/protocol';
import { ModuleTrace } from '@loopwright/module-sdk';
import Fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import { Datasets, type DatasetsOptions, type Retention } from '../dataset/datasets.ts';
import { tracedSandbox } from '../sandbox/traced-sandbox.ts';
import { type SandboxOptions, openSandbox } from '../sandbox/open-sandbox.ts';
import { ServedPrograms } from '../serve/served-programs.ts';
import { ProgramStore } from '../store/program-store.ts';
import { batchRoute } from './batch-route.ts';
import type { EdgeParts } from './edge-parts.ts';
import { answerErrors } from './error-answers.ts';
import { executeRoutes } from './execute-routes.ts';
import { BODY_LIMIT_BYTES } from './limits.ts';
import { refreshRoute } from './refresh-route.ts';
import { statusRoutes } from './status-routes.ts';
import { traceRequests } from './trace-requests.ts';

/** How an edge is made. */
export interface EdgeOptions extends Omit<DatasetsOptions, 'dir' | 'log'> {
  /** Holds `artifacts/` (read) and `datasets/` (written). */
  readonly dataDir: string;
  /** The program for requests that name none. Left out: the only active one. */
  readonly taskId?: string | undefined;
  readonly sandbox?: Omit<SandboxOptions, 'clock' | 'log'>;
  /** Expected as `Authorization: Bearer …` by `POST /tasks/:task_id/refresh`. Left out: anybody may refresh. */
  readonly authToken?: string | undefined;
  /** Answers only requests whose `Host` is of this machine: a page that rebinds a name to it gets nothing. Default `false`. */
  readonly loopbackOnly?: boolean;
  readonly random: Random;
  /** Where it tells what it did for which request. Left out: nowhere. */
  readonly trace?: ModuleTrace;
  /** The share of the successes that is marked for validation, 0 to 1. Default 0. */
  readonly samplingRate?: number | undefined;
  /** Told in one line what an operator should know. */
  readonly log?: (message: string) => void;
}

/** An edge that is ready to listen. */
export interface Edge extends AsyncDisposable {
  /** Not listening yet: call `app.listen`, or `app.inject` in tests. */
  readonly app: FastifyInstance;
  /** Keeps records for another time from now on. */
  retain(retention: Retention): void;
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
  const sandbox = tracedSandbox(await openSandbox({ ...options.sandbox, clock, log }), trace);
  const programs = new ServedPrograms({ store: new ProgramStore({ dir: dataDir, clock }), sandbox, trace, clock, taskId, log });
  const datasets = new Datasets({ ...options, dir: dataDir, log });
  await programs.open();
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_LIMIT_BYTES,
    genReqId: () => random.uuid(),
    routerOptions: { maxParamLength: 100 },
    // A request that has come in is answered, also while the edge closes.
    return503OnClosing: false,
  });
  answerErrors(app, log);
  traceRequests(app, trace);
  if (options.loopbackOnly === true) refuseForeignHosts(app);
  const parts: EdgeParts = {
    sandbox,
    trace,
    programs,
    datasets,
    clock,
    random,
    samplingRate: options.samplingRate ?? 0,
    authToken,
    taskId,
    packageVersion: readPackageVersion(),
  };
  for (const addRoutes of [executeRoutes, batchRoute, statusRoutes, refreshRoute]) addRoutes(app, parts);
  const close = async (): Promise<void> => {
    await app.close();
    programs.close();
    trace.close();
    await datasets.close().finally(() => sandbox.close());
  };
  return { app, retain: (retention) => datasets.retain(retention), close, [Symbol.asyncDispose]: close };
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
