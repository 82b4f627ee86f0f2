import { openModuleTrace, runModule } from '@loopwright/module-sdk';
import { isoTime, systemClock, systemRandom } from '@loopwright/protocol';
import { z } from 'zod';
import { createGenerator } from './generator.ts';

/** What the orchestrator sets. */
const environmentSchema = z.object({
  LOOPWRIGHT_GENERATOR_DATA_DIR: z.string().min(1),
  LOOPWRIGHT_GENERATOR_CONCURRENCY: z.coerce.number().int().min(1).max(64).default(2),
  LOOPWRIGHT_SANDBOX_JAIL: z.enum(['required', 'preferred', 'off']).default('required'),
});

await runModule(async (init, { sendSpans }) => {
  const environment = environmentSchema.parse(init.env);
  const generator = await createGenerator({
    dataDir: environment.LOOPWRIGHT_GENERATOR_DATA_DIR,
    maxConcurrent: environment.LOOPWRIGHT_GENERATOR_CONCURRENCY,
    jailPolicy: environment.LOOPWRIGHT_SANDBOX_JAIL,
    clock: systemClock,
    random: systemRandom,
    trace: openModuleTrace(init, { clock: systemClock, random: systemRandom, sendSpans }),
    log,
    ...(init.auth_token === undefined ? {} : { authToken: init.auth_token }),
  });
  const { host, port } = splitAddress(init.listen);
  await generator.app.listen({ host, port });
  const address = generator.app.server.address();
  const listen = `${host}:${typeof address === 'object' ? (address?.port ?? port) : port}`;
  log(`listening on ${listen}`);
  return { listen, endpoints: generator.endpoints, stop: async () => generator[Symbol.asyncDispose]() };
});

function splitAddress(listen: string): { host: string; port: number } {
  const colon = listen.lastIndexOf(':');
  const host = listen.slice(0, colon).replace(/^\[|\]$/gu, '');
  return {
    host: host || '127.0.0.1',
    port: z.coerce
      .number()
      .int()
      .min(0)
      .max(65_535)
      .parse(listen.slice(colon + 1)),
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
