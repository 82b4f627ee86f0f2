import { type ModuleTrace, type SecretClient, fastifyHandler, openModuleTrace, runModule } from '@loopwright/module-sdk';
import type { JailPolicy } from '@loopwright/edge';
import { PlatformError, isoTime, systemClock, systemRandom } from '@loopwright/protocol';
import { z } from 'zod';
import { type Generator, createGenerator } from './generator.ts';
import { openModelAgent } from './models/open-model-agent.ts';
import { splitAddress } from './split-address.ts';
import { readStandAlone, serveAlone } from './stand-alone.ts';

/** What the orchestrator sets, or whoever runs the service by itself. */
const environmentSchema = z.object({
  LOOPWRIGHT_GENERATOR_CONCURRENCY: z.coerce.number().int().min(1).max(64).default(2),
  LOOPWRIGHT_SANDBOX_JAIL: z.enum(['required', 'preferred', 'off']).optional(),
  LOOPWRIGHT_GENERATOR_SANDBOX_WORKERS: z.coerce.number().int().min(1).max(64).optional(),
});

async function open(
  dataDir: string,
  env: Readonly<Record<string, string | undefined>>,
  { authToken, trace, jailPolicy }: { authToken: string | undefined; trace?: ModuleTrace; jailPolicy: JailPolicy },
): Promise<Generator> {
  const environment = environmentSchema.parse(env);
  const sandboxWorkers = environment.LOOPWRIGHT_GENERATOR_SANDBOX_WORKERS;
  // Tool servers need what a program needs to start at all; the settings come over the init line.
  const environmentOfModels = { ...process.env, ...env };
  const models = new AsyncDisposableStack();
  const generator = await createGenerator({
    agents: (parts) => [
      models.use(openModelAgent({ ...parts, environment: environmentOfModels, log: (message) => log(message) })),
    ],
    dataDir,
    maxConcurrent: environment.LOOPWRIGHT_GENERATOR_CONCURRENCY,
    jailPolicy: environment.LOOPWRIGHT_SANDBOX_JAIL ?? jailPolicy,
    clock: systemClock,
    random: systemRandom,
    log,
    ...(sandboxWorkers === undefined ? {} : { sandboxWorkers }),
    ...(authToken === undefined ? {} : { authToken }),
    ...(trace === undefined ? {} : { trace }),
  });
  return {
    ...generator,
    [Symbol.asyncDispose]: async () => {
      await generator[Symbol.asyncDispose]();
      await models.disposeAsync();
    },
  };
}

/** One JSON line on standard error; standard output belongs to the protocol. */
function log(message: string, error?: unknown): void {
  const cause = error instanceof Error ? { error: error.stack ?? error.message } : {};
  const level = error === undefined ? 'info' : 'error';
  process.stderr.write(
    `${JSON.stringify({ level, time: isoTime(systemClock.now()), service: 'generator', msg: message, ...cause })}\n`,
  );
}

/** Keys of models: the orchestrator's secrets. */
const KEYS = ['ANTHROPIC_API_KEY', 'OPENAI_API_KEY', 'LOOPWRIGHT_MODEL_API_KEY'];
/** An answer comes when the plan is carried out: its own time limit ends it. */
const CALL_TIMEOUT_MS = 86_400_000;

/** The keys that there are. An orchestrator of version 1 does not say of one that it has not: it gives keys in the environment. */
async function readKeys(secrets: SecretClient, protocolVersion: number): Promise<Record<string, string>> {
  if (protocolVersion < 2) return {};
  const read = KEYS.map(async (name): Promise<[string, string][]> => {
    try {
      return [[name, (await secrets.get(name)).reveal()]];
    } catch (error) {
      if (error instanceof PlatformError && (error.code === 'SECRET_NOT_FOUND' || error.code === 'FORBIDDEN')) return [];
      throw error;
    }
  });
  return Object.fromEntries((await Promise.all(read)).flat());
}

const alone = readStandAlone(process.argv.slice(2), process.env);
if (alone === undefined) {
  await runModule(async (init, { secrets, sendSpans }) => {
    const dataDir = z.string().min(1).parse(init.env['LOOPWRIGHT_GENERATOR_DATA_DIR']);
    const trace = openModuleTrace(init, { clock: systemClock, random: systemRandom, sendSpans });
    const generator = await open(
      dataDir,
      { ...init.env, ...(await readKeys(secrets, init.protocol_version)) },
      { authToken: init.auth_token, trace, jailPolicy: 'required' },
    );
    const { host, port } = splitAddress(init.listen);
    await generator.app.listen({ host, port });
    const address = generator.app.server.address();
    const listen = `${host}:${typeof address === 'object' ? (address?.port ?? port) : port}`;
    log(`listening on ${listen}`);
    return {
      listen,
      endpoints: generator.endpoints,
      fetch: fastifyHandler(generator.app),
      limits: { timeoutMs: CALL_TIMEOUT_MS },
      stop: async () => generator[Symbol.asyncDispose](),
    };
  });
} else await serveAlone(await open(alone.dataDir, process.env, alone), alone);
