// The edge as a module of the platform: the orchestrator spawns this file and speaks the module protocol with it.
import {
  type ModuleInit,
  PlatformError,
  isLoopback,
  isoTime,
  issueDetails,
  systemClock,
  systemRandom,
} from '@loopwright/protocol';
import { type ModuleContext, type RunningModule, fastifyHandler, openModuleTrace, runModule } from '@loopwright/module-sdk';
import { z } from 'zod';
import { DEFAULT_WATCHING, type Deployment, storageOptions, watchingOptions } from './lib/configuration/deployment.ts';
import type { Retention } from './lib/dataset/datasets.ts';
import { readDeployment } from './lib/configuration/read-deployment.ts';
import { deploymentReloader } from './lib/configuration/reload-deployment.ts';
import { createEdge } from './lib/http/create-edge.ts';
import { openJail } from './lib/sandbox/jail/open-jail.ts';
import type { SandboxLimits } from './lib/serve/adjustable-sandbox.ts';

const wholeNumber = z
  .string()
  .regex(/^\d{1,9}$/u, 'must be a whole number')
  .transform(Number);

const envSchema = z.object({
  /** A `deployment.yaml`; what the other variables say goes before it. */
  LOOPWRIGHT_EDGE_DEPLOYMENT: z.string().min(1).optional(),
  LOOPWRIGHT_EDGE_DATA_DIR: z.string().min(1).optional(),
  LOOPWRIGHT_EDGE_DURABILITY: z.enum(['process', 'full']).optional(),
  LOOPWRIGHT_EDGE_TASK_ID: z.string().optional(),
  LOOPWRIGHT_EDGE_RETENTION_DAYS: wholeNumber.pipe(z.int().min(1)).optional(),
  LOOPWRIGHT_SANDBOX_JAIL: z.enum(['required', 'preferred', 'off']).default('required'),
  LOOPWRIGHT_SANDBOX_WORKERS: wholeNumber.optional(),
  LOOPWRIGHT_SANDBOX_TIMEOUT_MS: wholeNumber.optional(),
  LOOPWRIGHT_SANDBOX_MEMORY_MB: wholeNumber.default(64),
  LOOPWRIGHT_SANDBOX_STATE: z.enum(['kept', 'fresh']).optional(),
});

/** The longest that a call over the channel takes: a comparison of versions. */
const CALL_TIMEOUT_MS = 130_000;

const listenSchema = z.string().regex(/^.+:\d{1,5}$/u, 'must be "host:port"');

function log(message: string): void {
  process.stderr.write(`${JSON.stringify({ time: isoTime(systemClock.now()), level: 'info', module: 'edge', msg: message })}\n`);
}

/** What goes before the deployment, and what it says of the rest. */
function limitsOf(env: z.infer<typeof envSchema>, deployment: Deployment | undefined): SandboxLimits {
  return {
    workers: env.LOOPWRIGHT_SANDBOX_WORKERS ?? deployment?.execution.worker_count ?? 2,
    timeoutMs: env.LOOPWRIGHT_SANDBOX_TIMEOUT_MS ?? deployment?.execution.timeout_ms ?? 1000,
    memoryLimitMb: env.LOOPWRIGHT_SANDBOX_MEMORY_MB,
    state: env.LOOPWRIGHT_SANDBOX_STATE ?? deployment?.execution.state ?? 'fresh',
  };
}

/** The same about keeping records. */
function retentionOf(
  { LOOPWRIGHT_EDGE_RETENTION_DAYS: retentionDays }: z.infer<typeof envSchema>,
  deployment: Deployment,
): Retention {
  return { ...storageOptions(deployment), ...(retentionDays === undefined ? {} : { retentionDays }) };
}

/** Keys of a deployment that a variable goes before. Programs come from the server that runs this edge. */
function ignoredKeys(env: z.infer<typeof envSchema>): string[] {
  return [
    '/source',
    ...(env.LOOPWRIGHT_EDGE_DATA_DIR === undefined ? [] : ['/runtime/data_dir']),
    ...(env.LOOPWRIGHT_EDGE_DURABILITY === undefined ? [] : ['/storage/durability']),
  ];
}

async function start(init: ModuleInit, { sendSpans }: ModuleContext): Promise<RunningModule> {
  const env = envSchema.safeParse(init.env);
  if (!env.success) {
    throw new PlatformError('INVALID_CONFIGURATION', `Cannot start the edge: ${z.prettifyError(env.error)}`, {
      details: issueDetails(env.error.issues),
    });
  }
  const {
    LOOPWRIGHT_EDGE_DEPLOYMENT: path,
    LOOPWRIGHT_EDGE_RETENTION_DAYS: retentionDays,
    LOOPWRIGHT_EDGE_DURABILITY: durability,
  } = env.data;
  const environment = { ...process.env, ...init.env };
  const deployment = path === undefined ? undefined : await readDeployment(path, environment);
  const dataDir = env.data.LOOPWRIGHT_EDGE_DATA_DIR ?? deployment?.runtime.data_dir;
  if (dataDir === undefined)
    throw new PlatformError(
      'INVALID_CONFIGURATION',
      'Cannot start the edge: neither LOOPWRIGHT_EDGE_DATA_DIR nor LOOPWRIGHT_EDGE_DEPLOYMENT is set',
    );
  const edge = await createEdge({
    dataDir,
    taskId: env.data.LOOPWRIGHT_EDGE_TASK_ID,
    ...(deployment === undefined ? {} : storageOptions(deployment)),
    ...(retentionDays === undefined ? {} : { retentionDays }),
    ...(durability === undefined ? {} : { durability }),
    watching: deployment === undefined ? DEFAULT_WATCHING : watchingOptions(deployment),
    sandbox: {
      jail: await openJail({ policy: env.data.LOOPWRIGHT_SANDBOX_JAIL, clock: systemClock, log }),
      ...limitsOf(env.data, deployment),
    },
    authToken: init.auth_token,
    loopbackOnly: isLoopback(init.listen),
    clock: systemClock,
    random: systemRandom,
    trace: openModuleTrace(init, { clock: systemClock, random: systemRandom, sendSpans }),
    log,
  });
  if (path !== undefined && deployment !== undefined) {
    const reload = deploymentReloader(edge, {
      path,
      read: () => readDeployment(path, environment),
      started: deployment,
      ignored: ignoredKeys(env.data),
      retention: (again) => retentionOf(env.data, again),
      limits: (again) => limitsOf(env.data, again),
      log,
    });
    process.on('SIGHUP', () => void reload());
  }
  const listen = listenSchema.parse(init.listen);
  const split = listen.lastIndexOf(':');
  await edge.app.listen({ host: listen.slice(0, split).replace(/^\[(.*)\]$/u, '$1'), port: Number(listen.slice(split + 1)) });
  const address = edge.app.server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  log(`Listening on ${listen.slice(0, split)}:${port}`);
  return {
    listen: `${listen.slice(0, split)}:${port}`,
    endpoints: [
      { path: '/execute', methods: ['POST'] },
      { path: '/batch/execute', methods: ['POST'] },
      { path: '/tasks/:task_id/execute', methods: ['POST'] },
      { path: '/tasks/:task_id/refresh', methods: ['POST'] },
      { path: '/tasks/:task_id/analytics', methods: ['GET'] },
      { path: '/tasks/:task_id/analytics/export', methods: ['GET'] },
      { path: '/tasks/:task_id/executions/export', methods: ['GET'] },
      { path: '/tasks/:task_id/samples', methods: ['GET'] },
      { path: '/tasks/:task_id/validation', methods: ['GET'] },
      { path: '/tasks/:task_id/drift', methods: ['GET'] },
      { path: '/health', methods: ['GET'] },
      { path: '/metrics', methods: ['GET'] },
    ],
    fetch: fastifyHandler(edge.app),
    limits: { timeoutMs: CALL_TIMEOUT_MS },
    stop: () => edge.close(),
  };
}

try {
  await runModule(start);
} catch (error) {
  log(`Cannot run: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
