import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { type Jail, type JailPolicy, type Sandbox, type SandboxHealth, openJail, traceRequests } from '@loopwright/edge';
import { ModuleTrace } from '@loopwright/module-sdk';
import type { Clock, Random } from '@loopwright/protocol';
import fastify, { type FastifyInstance } from 'fastify';
import { AgentTable } from './agent/agent-table.ts';
import type { Agent } from './agent/agent.ts';
import { inductionAgent } from './agent/induction-agent.ts';
import { lazySandbox } from './agent/lazy-sandbox.ts';
import { Executions } from './executions/executions.ts';
import { ResultStore } from './executions/result-store.ts';
import { gradeAgent } from './grading/grade-agent.ts';
import { type PythonWall, openPythonWall } from './grading/python/python-wall.ts';
import { answerErrors } from './http/error-answers.ts';
import { ENDPOINTS, addRoutes } from './http/routes.ts';
import { StreamPlaces } from './http/stream-places.ts';
import { SERVICE_LIMITS } from './limits.ts';

/** What an agent is made with. */
interface AgentParts {
  readonly clock: Clock;
  readonly random: Random;
  /** The sandbox in which agents test what they made, opened by whoever needs it first. Throws SERVICE_UNAVAILABLE when it does not start; the next one tries again. */
  readonly sandbox: () => Promise<Sandbox>;
  /** The jail around sandboxes of an agent's own. */
  readonly jail: () => Promise<Jail>;
  /** The wall of Python, looked for by whoever needs it first. Throws LANGUAGE_UNAVAILABLE where there is none. */
  readonly python: () => Promise<PythonWall>;
}

/** How the generation service is made. */
export interface GeneratorOptions {
  /** Folder for results. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Plans worked on at a time, by each agent that sets no number of its own. Default 2. */
  readonly maxConcurrent?: number;
  /** Plans that may wait. Default 2000. */
  readonly queueLimit?: number;
  /** What is done about the jail around programs that are tried out. */
  readonly jailPolicy: JailPolicy;
  /** Plans of one caller that may wait. Default 1000. */
  readonly queueLimitOfCaller?: number;
  /** Programs that are graded at a time. Default six for each processor, at most 16: most of them loop until their time is over, or take no time. */
  readonly sandboxWorkers?: number;
  /** When set, `/execute`, `/executions` and `/stats` want `Authorization: Bearer …`. */
  readonly authToken?: string;
  /** Makes agents besides those that need nothing: induction and grading. */
  readonly agents?: (parts: AgentParts) => readonly Agent[];
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

/** Makes the service; `app.listen` opens its port. */
export async function createGenerator(options: GeneratorOptions): Promise<Generator> {
  const { clock, random } = options;
  const log = options.log ?? ((): void => undefined);
  const trace = options.trace ?? new ModuleTrace(null);
  const workers = options.sandboxWorkers ?? Math.min(16, 6 * availableParallelism());
  const jail = once(() => openJail({ policy: options.jailPolicy, clock, log }));
  const sandbox = lazySandbox({
    workers: SERVICE_LIMITS.testWorkers,
    timeoutMs: SERVICE_LIMITS.caseTimeoutMs,
    jail,
    clock,
    trace,
    log,
  });
  const grading = lazySandbox({ workers, timeoutMs: SERVICE_LIMITS.sandboxTimeoutMs, jail, clock, trace, log });
  const parts = { clock, random, trace, jail, sandbox: sandbox.open, python: once(openPythonWall) };
  const agents = new AgentTable(
    [
      inductionAgent(parts),
      { ...gradeAgent({ ...parts, sandbox: grading.open }), concurrency: workers },
      ...(options.agents?.(parts) ?? []),
    ],
    {
      running: options.maxConcurrent ?? 2,
      queued: options.queueLimit ?? SERVICE_LIMITS.queuedPlans,
      queuedOfCaller: options.queueLimitOfCaller ?? SERVICE_LIMITS.queuedPlansOfCaller,
      queuedWeight: SERVICE_LIMITS.queuedCharacters,
    },
  );
  const store = await ResultStore.open(options.dataDir, SERVICE_LIMITS.storedResults, random);
  const executions = new Executions({ store, agents, clock, random });
  const app = fastify({
    forceCloseConnections: true,
    bodyLimit: SERVICE_LIMITS.bodyBytes,
    genReqId: () => random.uuid(),
    routerOptions: { maxParamLength: 1000 },
  });
  app.removeContentTypeParser('text/plain');
  answerErrors(app, log);
  traceRequests(app, trace);
  const { authToken } = options;
  addRoutes(app, {
    agents,
    executions,
    clock,
    authToken,
    streams: new StreamPlaces(),
    sandboxes: () => ({ tests: shown(sandbox.health()), grading: shown(grading.health()) }),
  });
  return {
    app,
    endpoints: ENDPOINTS,
    [Symbol.asyncDispose]: async () => {
      await executions.stop();
      // The callers of what was cancelled get their answer; then connections that only wait for a next request are closed.
      await setImmediate();
      await app.close();
      trace.close();
      await Promise.all([sandbox.close(), grading.close()]);
    },
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

function shown(health: SandboxHealth | null): object | null {
  if (health === null) return null;
  const { memoryWatch: memory_watch, ...rest } = health;
  return { ...rest, memory_watch };
}
