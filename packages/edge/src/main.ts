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
import { type RunningModule, runModule } from '@loopwright/module-sdk';
import { z } from 'zod';
import { createEdge } from './lib/http/create-edge.ts';
import { openJail } from './lib/sandbox/jail/open-jail.ts';

const wholeNumber = z
  .string()
  .regex(/^\d{1,9}$/u, 'must be a whole number')
  .transform(Number);

const envSchema = z.object({
  LOOPWRIGHT_EDGE_DATA_DIR: z.string().min(1),
  LOOPWRIGHT_EDGE_TASK_ID: z.string().optional(),
  LOOPWRIGHT_EDGE_RETENTION_DAYS: wholeNumber.pipe(z.int().min(1)).optional(),
  LOOPWRIGHT_SANDBOX_JAIL: z.enum(['required', 'preferred', 'off']).default('required'),
  LOOPWRIGHT_SANDBOX_WORKERS: wholeNumber.default(2),
  LOOPWRIGHT_SANDBOX_TIMEOUT_MS: wholeNumber.default(1000),
  LOOPWRIGHT_SANDBOX_MEMORY_MB: wholeNumber.default(64),
});

const listenSchema = z.string().regex(/^.+:\d{1,5}$/u, 'must be "host:port"');

function log(message: string): void {
  process.stderr.write(`${JSON.stringify({ time: isoTime(systemClock.now()), level: 'info', module: 'edge', msg: message })}\n`);
}

async function start(init: ModuleInit): Promise<RunningModule> {
  const env = envSchema.safeParse(init.env);
  if (!env.success) {
    throw new PlatformError('INVALID_CONFIGURATION', `Cannot start the edge: ${z.prettifyError(env.error)}`, {
      details: issueDetails(env.error.issues),
    });
  }
  const edge = await createEdge({
    dataDir: env.data.LOOPWRIGHT_EDGE_DATA_DIR,
    taskId: env.data.LOOPWRIGHT_EDGE_TASK_ID,
    retentionDays: env.data.LOOPWRIGHT_EDGE_RETENTION_DAYS,
    sandbox: {
      jail: await openJail({ policy: env.data.LOOPWRIGHT_SANDBOX_JAIL, clock: systemClock, log }),
      workers: env.data.LOOPWRIGHT_SANDBOX_WORKERS,
      timeoutMs: env.data.LOOPWRIGHT_SANDBOX_TIMEOUT_MS,
      memoryLimitMb: env.data.LOOPWRIGHT_SANDBOX_MEMORY_MB,
    },
    authToken: init.auth_token,
    loopbackOnly: isLoopback(init.listen),
    clock: systemClock,
    random: systemRandom,
    log,
  });
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
      { path: '/health', methods: ['GET'] },
      { path: '/metrics', methods: ['GET'] },
    ],
    stop: () => edge.close(),
  };
}

try {
  await runModule(start);
} catch (error) {
  log(`Cannot run: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
