import { createHash, timingSafeEqual } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { type JailPolicy, type Sandbox, openJail, openSandbox, traceRequests, tracedSandbox } from '@loopwright/edge';
import { ModuleTrace } from '@loopwright/module-sdk';
import { type Clock, type Json, PlatformError, type Random, executionPlanSchema, issueDetails } from '@loopwright/protocol';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { generate } from './agent/generate.ts';
import { Executions } from './executions/executions.ts';
import { ResultStore } from './executions/result-store.ts';
import { Turns } from './executions/turns.ts';
import { answerErrors } from './http/error-answers.ts';
import { SERVICE_LIMITS } from './limits.ts';

/** The version that `/health` names. */
const VERSION = '0.1.0';

/** How the generation service is made. */
export interface GeneratorOptions {
  /** Folder for results. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Plans worked on at a time. Default 2. */
  readonly maxConcurrent?: number;
  /** Plans that may wait. Default 100. */
  readonly queueLimit?: number;
  /** What is done about the jail around programs that are tried out. */
  readonly jailPolicy: JailPolicy;
  /** When set, `/execute`, `/executions` and `/stats` want `Authorization: Bearer …`. */
  readonly authToken?: string;
  /** Where it tells what it did for which request. Left out: nowhere. */
  readonly trace?: ModuleTrace;
  /** Told when a request fails by the service's fault or a sandbox worker dies. */
  readonly log?: (message: string, error?: unknown) => void;
}

/** The generation service. Whoever made it closes it; that cancels what is under way. */
export interface Generator extends AsyncDisposable {
  readonly app: FastifyInstance;
  /** The routes, for an announcement. */
  readonly endpoints: readonly { path: string; methods: string[] }[];
}

const ENDPOINTS = [
  { path: '/', methods: ['GET'] },
  { path: '/health', methods: ['GET'] },
  { path: '/stats', methods: ['GET'] },
  { path: '/execute', methods: ['POST'] },
  { path: '/executions/:id', methods: ['GET'] },
];

/** Makes the service; `app.listen` opens its port. */
export async function createGenerator(options: GeneratorOptions): Promise<Generator> {
  const { clock, random } = options;
  const log = options.log ?? ((): void => undefined);
  const trace = options.trace ?? new ModuleTrace(null);
  let sandbox: Promise<Sandbox> | undefined;
  const openOnce = (): Promise<Sandbox> => {
    sandbox ??= openTestSandbox(options, log).then(
      (opened) => tracedSandbox(opened, trace),
      (error: unknown) => {
        sandbox = undefined;
        throw error;
      },
    );
    return sandbox;
  };
  const executions = new Executions({
    store: await ResultStore.open(options.dataDir, SERVICE_LIMITS.storedResults, random),
    turns: new Turns(options.maxConcurrent ?? 2, options.queueLimit ?? 100),
    clock,
    generate: (plan, metadata, run) => generate(plan, metadata, { clock, sandbox: openOnce, trace }, run),
  });
  const app = fastify({
    forceCloseConnections: true,
    bodyLimit: SERVICE_LIMITS.bodyBytes,
    genReqId: () => random.uuid(),
    routerOptions: { maxParamLength: 1000 },
  });
  app.removeContentTypeParser('text/plain');
  answerErrors(app, log);
  traceRequests(app, trace);
  addRoutes(app, executions, options.authToken);
  return {
    app,
    endpoints: ENDPOINTS,
    [Symbol.asyncDispose]: async () => {
      await executions.stop();
      // The callers of what was cancelled get their answer; then connections that only wait for a next request are closed.
      await setImmediate();
      await app.close();
      trace.close();
      await (await sandbox)?.close();
    },
  };
}

async function openTestSandbox({ clock, jailPolicy }: GeneratorOptions, log: (message: string) => void): Promise<Sandbox> {
  return openSandbox({
    clock,
    jail: await openJail({ policy: jailPolicy, clock, log }),
    workers: 1,
    timeoutMs: SERVICE_LIMITS.caseTimeoutMs,
    memoryLimitMb: SERVICE_LIMITS.caseMemoryMb,
    log,
  });
}

function addRoutes(app: FastifyInstance, executions: Executions, authToken: string | undefined): void {
  const onlyOrchestrator = { onRequest: (request: FastifyRequest) => checkToken(request, authToken) };
  app.get('/', () => ({
    service: 'ptc',
    name: 'Loopwright generation service',
    version: VERSION,
    agents: [{ name: 'induction', description: 'Learns a program from labelled examples; needs no model and no network' }],
    endpoints: ENDPOINTS,
  }));
  app.get('/health', () => ({ status: 'healthy', service: 'ptc', version: VERSION }));
  app.get('/stats', onlyOrchestrator, () => ({
    total_executions: executions.counts.total,
    successful_executions: executions.counts.successful,
    failed_executions: executions.counts.failed,
    // The plan cache is the client's: the service has no figures of it.
    cache_hits: 0,
    cache_misses: 0,
    cache_hit_rate: null,
    queued: executions.queued,
    running: executions.running,
  }));
  app.post('/execute', onlyOrchestrator, async (request, reply) => {
    const plan = executionPlanSchema.safeParse(request.body);
    if (!plan.success) {
      throw new PlatformError('VALIDATION_ERROR', 'Cannot read the plan: it is not valid', {
        details: issueDetails(plan.error.issues.slice(0, 100)),
      });
    }
    return executions.execute(plan.data, callerSignal(reply));
  });
  app.get('/executions/:id', onlyOrchestrator, async (request, reply) => {
    const params = z.object({ id: z.string().trim().min(1).max(200) }).safeParse(request.params);
    if (!params.success)
      throw new PlatformError('VALIDATION_ERROR', 'Cannot read the execution id: it is not valid', {
        details: issueDetails(params.error.issues),
      });
    const progress = executions.progress(params.data.id);
    if (progress !== undefined)
      return reply.code(202).send({ execution_id: params.data.id, status: 'RUNNING', progress: progress as unknown as Json });
    const result = await executions.find(params.data.id);
    if (result === undefined) throw new PlatformError('EXECUTION_NOT_FOUND', `Cannot find the execution "${params.data.id}"`);
    return result;
  });
}

/** Aborted when the caller closes the connection before it has its answer. */
function callerSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.on('close', () => {
    if (!reply.raw.writableFinished) gone.abort(new PlatformError('SERVICE_UNAVAILABLE', 'Cannot answer: the caller is gone'));
  });
  return gone.signal;
}

async function checkToken(request: FastifyRequest, token: string | undefined): Promise<void> {
  if (token === undefined) return;
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  if (!timingSafeEqual(digest(request.headers.authorization ?? ''), digest(`Bearer ${token}`))) {
    throw new PlatformError('UNAUTHORIZED', 'Cannot serve the request: the token is missing or wrong');
  }
}
