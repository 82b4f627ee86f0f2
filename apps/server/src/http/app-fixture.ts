import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProgramStore } from '@loopwright/edge';
import { type FunctionCatalogue, Engine, loadDefinition } from '@loopwright/engine';
import {
  type Clock,
  type ErrorCode,
  type ErrorResponse,
  type ExecutionResponse,
  type HumanTask,
  PlatformError,
  errorResponseSchema,
  executionResponseSchema,
  humanTaskSchema,
  isoTime,
  systemClock,
  systemRandom,
} from '@loopwright/protocol';
import type { FastifyInstance } from 'fastify';
import { type Logger, pino } from 'pino';
import { z } from 'zod';
import { type TestAuthorization, openTestAuthorization } from '../authorization/authorization-fixture.ts';
import { type ServerDatabase, openServerDatabase } from '../database/server-database.ts';
import { type EventFixtureOptions, openEvents } from '../events/event-fixture.ts';
import type { Supervisor } from '../modules/supervisor.ts';
import { Metrics } from '../observability/metrics.ts';
import { SECRET_PATHS, traceOfLine } from '../observability/server-log.ts';
import { Tracing } from '../observability/tracing.ts';
import { ExampleStore } from '../examples/example-store.ts';
import { moneyOf } from '../money/money-fixture.ts';
import type { Identity, IdentityConfiguration } from '../identity/identity.ts';
import { openTestWatching } from '../watching/watching-fixture.ts';
import type { OpenWatching } from '../watching/open-watching.ts';
import type { DashboardFiles } from '../dashboard/dashboard-files.ts';
import { createApp } from './app.ts';
import { openTestPrograms } from './programs-fixture.ts';
import { testFunctions } from './functions-fixture.ts';
import { actedBy, openTestIdentity } from './identity-fixture.ts';
import type { Webhooks } from '../webhooks/webhooks.ts';
import { weaveDefinition } from '../runs/profile/weave-definition.ts';
import { prepareRuns } from '../runs/open-runs-fixture.ts';
import type { OpenGovernance } from '../governance/open-governance.ts';
import type { Runs } from '../runs/runs.ts';
import type { Workspaces } from '../runs/workspace/workspaces.ts';
import { DEFINITIONS } from './definitions-fixture.ts';
import { KeptResponses } from './kept-responses.ts';
import { HEALTHY, NO_MODELS, UNPROTECTED, partsOf } from './plain-server-fixture.ts';
import type { Protection } from './protection/protection.ts';
import type { HealthSource } from './routes/health.ts';

export { DEFINITIONS };

/** What is different about one test server. */
export interface TestServerOptions extends EventFixtureOptions {
  /** A folder of the caller; left out: one that goes with the server. */
  readonly dir?: string;
  readonly definitions?: Readonly<Record<string, string>>;
  readonly examplesLimitBytes?: number;
  readonly bodyLimitBytes?: number;
  readonly protection?: Partial<Protection>;
  readonly health?: HealthSource;
  /** Base URL of an edge; left out: there is none. */
  readonly edgeUrl?: () => string;
  /** Base URL of a model provider with OpenAI's interface; left out: there is none. */
  readonly modelUrl?: string;
  readonly port?: number;
  /** Who makes a request, instead of what credentials say. */
  readonly principalOf?: Parameters<typeof actedBy>[1];
  /** Settings of identities that are not the defaults. */
  readonly identity?: Partial<IdentityConfiguration>;
  /** The clock of identities. */
  readonly runNextWaitMs?: number;
  /** Whether definitions may call `check` and `checkpoint`, and profiles keep checkpoints. */
  readonly withGovernance?: boolean;
  /** Folder of policies; left out: the bundled one. */
  readonly policiesDir?: string;
  readonly keepWorkspacesMs?: number;
  /** Functions that definitions may call, besides those of every test server. */
  readonly functions?: FunctionCatalogue;
  readonly clock?: Clock;
  readonly logLevel?: 'trace';
  /** The built dashboard; left out: there is none. */
  readonly dashboard?: DashboardFiles;
  /** Base URL of a collector of spans. */
  readonly otlpEndpoint?: string;
  /** The modules, which the caller starts and ends; left out: none. */
  readonly supervisor?: Supervisor;
}

/** One answer over HTTP. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** The HTTP interface with a real engine and real stores, listening on a free port. */
export interface TestServer extends AsyncDisposable, TestAuthorization {
  readonly app: FastifyInstance;
  readonly engine: Engine;
  readonly database: ServerDatabase;
  readonly identity: Identity;
  readonly programs: ProgramStore;
  readonly workspaces: Workspaces;
  readonly runs: Runs;
  readonly gates: OpenGovernance;
  readonly dir: string;
  readonly url: string;
  /** Lets the step of `hold` end. */
  readonly release: () => void;
  /** How often the step of `hold` got its AbortSignal. */
  readonly aborted: () => number;
  /** Subscriptions to events of single executions that nobody ended. */
  readonly listeners: () => number;
  /** Readers of events. */
  readonly streams: () => number;
  readonly webhooks: Webhooks;
  readonly watching: OpenWatching;
  /** What the server logged, one JSON line an entry. */
  readonly log: readonly string[];
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** A request of any other method. */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Makes a definition startable; its schedule is of the project. */
  register(text: string, projectId: string): Promise<void>;
  close(): Promise<void>;
}

/** An engine that knows who still listens. */
class CountingEngine extends Engine {
  listeners = 0;

  override subscribe(...request: Parameters<Engine['subscribe']>): () => void {
    const unsubscribe = super.subscribe(...request);
    this.listeners += 1;
    return () => {
      this.listeners -= 1;
      unsubscribe();
    };
  }
}

const PLAIN = { random: systemRandom, settings: [], models: NO_MODELS };

/** Opens a test server. */
export async function openServer(options: TestServerOptions = {}): Promise<TestServer> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'loopwright-http-')));
  const gate = Promise.withResolvers<null>();
  let aborted = 0;
  const ofTest = testFunctions(gate.promise, () => void (aborted += 1));
  const { gates, workspaces, open } = prepareRuns({ dir, policiesDir: options.policiesDir ?? null });
  const functions = { ...ofTest, ...(options.withGovernance === true ? gates.functions : {}), ...options.functions };
  const engine = await openEngine(join(dir, 'engine'), functions, options.definitions ?? DEFINITIONS);
  const log: string[] = [];
  const responses = new KeptResponses({ dir, durability: 'process', clock: systemClock });
  const database = openServerDatabase({ dir, durability: 'process', clock: systemClock });
  const examples = await openExamples(dir, options);
  const { programs, edge, opened } = openTestPrograms({ dir, url: options.edgeUrl ?? noEdge, database, engine, examples, log });
  const authorized = await openTestAuthorization(database, { engine, programs: opened.programs });
  const logger = loggerInto(log, options.logLevel ?? 'error');
  const identity = await openTestIdentity({ database, log: logger, configuration: options.identity, clock: options.clock });
  const { runs, rollbacks } = await open({ engine, database, log: logger, keepMs: options.keepWorkspacesMs ?? null });
  const clock = options.clock ?? systemClock;
  const events = await openEvents({ engine, database, ...authorized.authorization, dir, clock, log }, options);
  const health = options.health ?? { health: () => HEALTHY };
  const tracing = await Tracing.open(options.otlpEndpoint ?? null, { clock: systemClock, tell: () => undefined });
  const metrics = new Metrics({ engine, health });
  const watching = openTestWatching({ database, engine, programs, edge, examples, ...authorized, log: logger }, options.modelUrl);
  const app = await createApp({
    engine,
    database,
    ...authorized,
    identity: actedBy(identity, options.principalOf),
    runs,
    governance: gates.governance,
    checkpoints: gates.checkpoints,
    rollbacks,
    runNextWaitMs: options.runNextWaitMs ?? 30_000,
    tracing,
    metrics,
    examples,
    ...opened,
    money: moneyOf(database),
    watching,
    health,
    log: logger,
    bodyLimitBytes: options.bodyLimitBytes ?? 64 * 1024,
    protection: { ...UNPROTECTED, ...options.protection },
    responses,
    ...events,
    ...PLAIN,
    clock,
    ...partsOf(options),
  });
  const base = await app.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  engine.recover();
  for (const part of [runs, rollbacks, opened.rollouts]) await part.recover();
  const close = async (): Promise<void> => {
    await app.close();
    for (const part of [runs, opened.rollouts, events]) await part[Symbol.asyncDispose]();
    await engine.close(0);
    for (const part of [gates, tracing, metrics]) await part[Symbol.asyncDispose]();
    responses[Symbol.dispose]();
    await database.destroy();
  };
  return {
    ...authorized,
    app,
    engine,
    database,
    identity,
    programs,
    workspaces,
    runs,
    gates,
    dir,
    log,
    close,
    url: base,
    register: (text, projectId) => engine.register(loadDefinition(text, engine.functions), { projectId }),
    release: () => gate.resolve(null),
    aborted: () => aborted,
    listeners: () => engine.listeners,
    streams: () => events.streams.size,
    webhooks: events.webhooks,
    watching,
    get: (path, headers = {}) => call(base + path, { headers }),
    post: (path, body, headers = {}) => call(base + path, postOf(body, headers)),
    send: (method, path, body, headers = {}) => call(base + path, { ...postOf(body, headers), method }),
    [Symbol.asyncDispose]: async () => {
      await close();
      if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
    },
  };
}

function openExamples(dir: string, { examplesLimitBytes: bytes }: TestServerOptions): Promise<ExampleStore> {
  return ExampleStore.open({ dir: join(dir, 'examples'), limits: bytes === undefined ? {} : { bytes }, random: systemRandom });
}

async function openEngine(
  dir: string,
  functions: FunctionCatalogue,
  definitions: Readonly<Record<string, string>>,
): Promise<CountingEngine> {
  const engine = new CountingEngine({ dir, durability: 'process', functions, clock: systemClock, random: systemRandom });
  for (const text of Object.values(definitions))
    await engine.register(weaveDefinition(loadDefinition(text, engine.functions), engine.functions));
  return engine;
}

function loggerInto(lines: string[], level: string): Logger {
  return pino({ level, redact: [...SECRET_PATHS], mixin: traceOfLine }, { write: (line: string) => void lines.push(line) });
}

function noEdge(): never {
  throw new PlatformError('SERVICE_UNAVAILABLE', 'Cannot use the module "edge": it is not running');
}

function postOf(body: unknown, headers: Record<string, string>): RequestInit {
  if (body === undefined) return { method: 'POST', headers };
  if (typeof body === 'string') return { method: 'POST', headers, body };
  return { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

async function call(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, init);
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('application/json') === true;
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

/** The execution in an answer, which must have the status. */
export function executionIn({ status, body }: Answer, expected = 200): ExecutionResponse {
  if (status !== expected) throw new Error(`Cannot go on: the answer is ${status} ${JSON.stringify(body)}`);
  return executionResponseSchema.parse(body);
}

/** The error in an answer; it must have this code, and the answer everything that every error has. */
export function errorIn({ status, headers, body }: Answer, code: ErrorCode): ErrorResponse {
  const error = errorResponseSchema.parse(body);
  if (error.error_code !== code) throw new Error(`Cannot go on: the error is ${JSON.stringify(error)}`);
  const is = { status: error.status, detail: error.detail, request_id: error.request_id, type: error.type };
  const wanted = {
    status,
    detail: error.message,
    request_id: headers.get('x-request-id'),
    type: `urn:loopwright:error:${code.toLowerCase().replaceAll('_', '-')}`,
  };
  if (JSON.stringify(is) !== JSON.stringify(wanted)) throw new Error(`Cannot go on: ${JSON.stringify({ is, wanted })}`);
  return error;
}

/** The pointers of the issues of an error, sorted. */
export function pointersIn(error: ErrorResponse): string[] {
  const issues = z.array(z.looseObject({ pointer: z.string() })).parse(error.details?.['issues']);
  return issues.map(({ pointer }) => pointer).sort();
}

/** Starts an execution. */
export async function start(server: TestServer, workflow: string, input?: object): Promise<ExecutionResponse> {
  const body = { project_id: 'p-1', ...(input === undefined ? {} : { initial_context: input }) };
  return executionIn(await server.post(`/api/v1/workflows/${workflow}/start`, body), 201);
}

/** Asks until the execution meets the condition, at most 5 s. */
export async function until(
  server: TestServer,
  id: string,
  condition: (execution: ExecutionResponse) => boolean,
  headers: Record<string, string> = {},
): Promise<ExecutionResponse> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const execution = executionIn(await server.get(`/api/v1/executions/${id}`, headers));
    if (condition(execution)) return execution;
    if (performance.now() > deadline) throw new Error(`Cannot wait any longer: it is ${JSON.stringify(execution)}`);
    await new Promise((resolve) => void setTimeout(resolve, 3));
  }
}

/** Asks until the execution has the status. */
export function untilStatus(
  server: TestServer,
  id: string,
  status: ExecutionResponse['status'],
  headers: Record<string, string> = {},
): Promise<ExecutionResponse> {
  return until(server, id, (execution) => execution.status === status, headers);
}

/** A started `review` that waits for its clarification. */
export async function startReview(server: TestServer): Promise<ExecutionResponse> {
  const { execution_id: id } = await start(server, 'review', { text: 'Hello' });
  return untilStatus(server, id, 'waiting_clarification');
}

/** A started `review` that waits for its decision. */
export async function startDecision(server: TestServer): Promise<ExecutionResponse> {
  const { execution_id: id } = await startReview(server);
  executionIn(await server.post(`/api/v1/executions/${id}/clarification`, { answers: { LENGTH: 3 } }));
  return untilStatus(server, id, 'waiting_acceptance');
}

/** The human task with this id. */
export async function taskOf(server: TestServer, id: string): Promise<HumanTask> {
  return humanTaskSchema.parse((await server.get(`/api/v1/tasks/${id}`)).body);
}

/** A time on the wire that lies within the last minute. */
export function isRecent(time: string | null | undefined): boolean {
  const at = Date.parse(time ?? '');
  return isoTime(at) === time && Math.abs(systemClock.now() - at) < 60_000;
}
