import type {
  AnswerTarget,
  CloudEvent,
  Durability,
  EngineCaps,
  Execution,
  ExecutionEvent,
  ProjectScope,
  StartRequest,
  CommitListener,
  StoreReader,
  SubmittedAnswer,
  WorkflowDefinition,
  WorkflowEngine,
} from '@loopwright/engine';
import { SqliteStore } from '@loopwright/engine';
import {
  Definitions,
  EventHub,
  ExpressionEvaluator,
  type EventRoute,
  type FunctionCatalogue,
  type HttpCallOptions,
  VALUE_LIMIT_CHARACTERS,
  SchemaValidator,
  builtInFunctions,
  checkInput,
  checkedText,
  requestDigestOf,
} from '@loopwright/engine/carrier';
import { type Clock, type Json, PlatformError, type Random, isErrorCode, toJson } from '@loopwright/protocol';
import { z } from 'zod';
import { Turns } from './drive/turns.ts';
import { newExecution } from './record/new-execution.ts';
import {
  type Command,
  type Page,
  type Snapshot,
  answeredSchema,
  definitionSchema,
  eventsSchema,
  pageSchema,
  replySchema,
  startedSchema,
} from './record/messages.ts';
import { wholeRecord } from './record/whole-record.ts';
import { type Address, RestateClient } from './restate-client.ts';
import { type EndpointOptions, ServiceEndpoint } from './service-endpoint.ts';
import { definitionObject } from './services/definition-object.ts';
import { driverObject } from './services/driver-object.ts';
import { listenersObject, publisherService } from './services/event-services.ts';
import { executionObject } from './services/execution-object.ts';
import type { Node } from './services/node.ts';
import { type ServiceNames, serviceNames } from './services/service-names.ts';
import { type ViewedDefinition, Views } from './views.ts';

/** How long a caller waits while Restate cannot be reached, in milliseconds. */
const CALLER_PATIENCE_MS = 15_000;
/** Handlers whose outcome is remembered: a request that is sent again because its answer was lost gets that of the first. */
const ONCE = new Set(['start', 'command']);

/** How an engine on Restate is opened. */
export interface RestateEngineOptions {
  /** Where Restate takes calls (its port 8080). */
  readonly ingressUrl: string;
  /** Where Restate is administrated (its port 9070). */
  readonly adminUrl: string;
  /** Where this process listens for Restate. */
  readonly service: EndpointOptions & {
    /** Where Restate finds that, when it is another address; `http://HOST:PORT` when left out. */
    readonly uri?: string;
  };
  /** What the services are called in Restate, before their names: engines that share a Restate have different ones. `loopwright` when left out. */
  readonly namespace?: string;
  /** How long callers wait while Restate cannot be reached, in milliseconds; then they get SERVICE_UNAVAILABLE. 15,000 when left out. */
  readonly patienceMs?: number;
  /** Folder of the views of this node; one process at a time. */
  readonly dir: string;
  /** Of the views only: what Restate has acknowledged is as durable as Restate is configured. */
  readonly durability: Durability;
  readonly clock: Clock;
  readonly random: Random;
  readonly httpCalls?: HttpCallOptions;
  readonly functions: FunctionCatalogue;
  /** Which projects hear what executions of other projects emit, besides their own. None when left out. */
  readonly eventRoutes?: readonly EventRoute[];
  readonly onTrouble?: (message: string, error: unknown) => void;
  readonly onTask?: (name: string, reference: string) => void;
}

/** The engine on Restate: executions live in Restate, and whichever node is there carries them on. `README.md` has its guarantees. */
export class RestateEngine implements WorkflowEngine {
  // Several nodes still need views that they share: each has its own now.
  readonly caps: EngineCaps = {
    multiNode: false,
    resultLimitCharacters: VALUE_LIMIT_CHARACTERS,
  };
  readonly functions: FunctionCatalogue;
  readonly #options: RestateEngineOptions;
  readonly #names: ServiceNames;
  readonly #client: RestateClient;
  readonly #patienceMs: number;
  readonly #views: Views;
  readonly #hub = new EventHub();
  readonly #turns: Turns;
  readonly #endpoint: ServiceEndpoint;
  readonly #schemas = new SchemaValidator();
  readonly #expressions = new ExpressionEvaluator();
  readonly #definitions: Definitions;
  #isOpen = false;
  #isClosing = false;

  /** Opens the views. Nothing runs before {@link recover}. Throws DATA_DIR_IN_USE, STORE_FAILED or INVALID_CONFIGURATION. */
  constructor(options: RestateEngineOptions) {
    this.#options = options;
    const { clock, random, onTask, onTrouble } = options;
    this.functions = { ...builtInFunctions(options.httpCalls), ...options.functions };
    this.#names = serviceNames(options.namespace ?? 'loopwright');
    this.#client = new RestateClient(options);
    this.#patienceMs = options.patienceMs ?? CALLER_PATIENCE_MS;
    this.#turns = new Turns({
      client: this.#client,
      service: this.#names.execution,
      definition: (digest) => this.#definition(digest),
      functions: this.functions,
      expressions: this.#expressions,
      eventRoutes: options.eventRoutes ?? [],
      schemas: this.#schemas,
      clock,
      random,
      findDefinition: (reference) => this.#definitions.find(reference),
      onTask,
      onTrouble,
    });
    const node = this.#node();
    const services = [executionObject, driverObject, definitionObject, listenersObject, publisherService].map((of) => of(node));
    this.#endpoint = new ServiceEndpoint(options.service, services, (message) => onTrouble?.(message, undefined));
    const store = new SqliteStore({ ...options, onEvents: (events, position) => this.#hub.publish(events, position) });
    this.#definitions = new Definitions(store, this.functions, onTrouble);
    this.#views = new Views(store, {
      record: (id) => this.#record(id),
      events: (id, after) => this.#object(this.#execution(id, 'events'), eventsSchema, { after }),
      definition: (digest) => this.#stored(digest),
      now: () => clock.now(),
    });
  }

  get definitions(): ReadonlyMap<string, WorkflowDefinition> {
    return this.#definitions.startable;
  }

  get read(): StoreReader {
    return this.#views.read;
  }

  async register(definition: WorkflowDefinition): Promise<void> {
    refuseUnsupported(definition);
    await this.#views.define(definition);
    if (this.#isOpen) await this.#share(definition);
    this.#definitions.use(definition);
  }

  /** Listens, and tells Restate where: it calls for what was under way. Throws SERVICE_UNAVAILABLE when Restate or the port cannot be had. */
  async recover(): Promise<void> {
    const { host, port, uri = `http://${host}:${port}` } = this.#options.service;
    await this.#endpoint.listen();
    await this.#client.register(uri, { patienceMs: this.#patienceMs });
    await Promise.all([...this.definitions.values()].map((definition) => this.#share(definition)));
    this.#isOpen = true;
  }

  async start(request: StartRequest): Promise<{ created: boolean; execution: Execution }> {
    const { executionId, workflow, input } = request;
    const definition = this.#definitions.require(workflow);
    if (request.budgets !== undefined || request.priority !== undefined)
      throw new PlatformError(
        'VALIDATION_ERROR',
        `Cannot start "${workflow}": budgets and priorities are not supported on Restate`,
      );
    if (this.read.status(executionId) === undefined) {
      checkedText(input, 'an input');
      checkInput(this.#schemas, definition, input);
    }
    const started = newExecution(request, definition, this.#options.clock.now());
    const { created, requestDigest } = await this.#object(
      { service: this.#names.execution, key: executionId, handler: 'start' },
      startedSchema,
      started,
    );
    if (requestDigest !== requestDigestOf(request)) {
      const reason = 'it was started by another request';
      throw new PlatformError('IDEMPOTENCY_CONFLICT', `Cannot start the execution "${executionId}": ${reason}`);
    }
    return { created, execution: await this.#shown(executionId) };
  }

  async answer(
    target: AnswerTarget,
    answer: SubmittedAnswer,
    by: { answerId: string; answeredBy: string },
  ): ReturnType<WorkflowEngine['answer']> {
    const { taskId, step } = target;
    const executionId = target.executionId ?? this.read.humanTask(taskId ?? '')?.executionId;
    if (executionId === undefined) throw new PlatformError('TASK_NOT_FOUND', `Cannot find the human task "${taskId ?? ''}"`);
    const at = this.#options.clock.now();
    const which = { ...(taskId === undefined ? {} : { taskId }), ...(step === undefined ? {} : { step }) };
    const outcome = await this.#command(executionId, { do: 'answer', at, target: which, answer, ...by });
    const { state, task } = answeredSchema.parse(outcome);
    return { state, executionId, task: task === undefined ? undefined : this.read.humanTask(task.id) };
  }

  async publish(event: CloudEvent, projects?: ProjectScope): Promise<number> {
    const address = { service: this.#names.publisher, handler: 'publish' };
    return this.#client.call(address, toJson({ event, except: null, projects }), z.int(), this.#once());
  }

  async cancel(executionId: string, by: { who: string; reason: string | null }): Promise<Execution> {
    await this.#command(executionId, { do: 'cancel', at: this.#options.clock.now(), ...by });
    return this.#shown(executionId);
  }

  async pause(executionId: string, who: string): Promise<Execution> {
    await this.#command(executionId, { do: 'pause', at: this.#options.clock.now(), who });
    return this.#shown(executionId);
  }

  async resume(executionId: string, who: string): Promise<Execution> {
    await this.#command(executionId, { do: 'resume', at: this.#options.clock.now(), who });
    return this.#shown(executionId);
  }

  subscribeAll(listener: CommitListener): () => void {
    return this.#hub.subscribeAll(listener);
  }

  subscribe(executionId: string, listener: (event: ExecutionEvent) => void): () => void {
    return this.#hub.subscribe(executionId, listener);
  }

  async close(drainMs: number): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    await this.#turns.drain(drainMs);
    await this.#endpoint.close();
    this.#turns.stop();
    await this.#views[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close(0);
  }

  #node(): Node {
    return {
      names: this.#names,
      clock: this.#options.clock,
      expressions: this.#expressions,
      eventRoutes: this.#options.eventRoutes ?? [],
      definition: (digest) => this.#definition(digest),
      project: (executionId, changes) => this.#views.project(executionId, changes),
      drive: (executionId, attempt) => this.#turns.drive(executionId, attempt),
      woken: (executionId, wakeId) => this.#turns.woken(executionId, wakeId),
    };
  }

  /** Puts a definition where every node finds it. */
  async #share({ digest, name, version, source }: WorkflowDefinition): Promise<void> {
    await this.#object({ service: this.#names.definition, key: digest, handler: 'put' }, z.undefined(), {
      name,
      version,
      source,
    });
  }

  async #record(executionId: string): Promise<Snapshot | null> {
    const read = (after: string | null): Promise<Page | null> =>
      this.#object(this.#execution(executionId, 'load'), pageSchema.nullable(), { after });
    const first = await read(null);
    return first === null ? null : wholeRecord(first, read);
  }

  #execution(key: string, handler: string): Address {
    return { service: this.#names.execution, key, handler };
  }

  async #definition(digest: string): Promise<WorkflowDefinition> {
    if (this.read.definition(digest) === undefined) await this.#views.define(await this.#stored(digest));
    const definition = this.#definitions.ofDigest(digest);
    if (definition !== undefined) return definition;
    throw new PlatformError('INVALID_DEFINITION', `Cannot use the definition ${digest}: it does not load in this process`);
  }

  async #stored(digest: string): Promise<ViewedDefinition> {
    const address = { service: this.#names.definition, key: digest, handler: 'get' };
    return { digest, ...(await this.#object(address, definitionSchema)) };
  }

  async #command(executionId: string, command: Command): Promise<Json> {
    const reply = await this.#object(
      { service: this.#names.execution, key: executionId, handler: 'command' },
      replySchema,
      command,
    );
    // Whoever is told by Restate is told now, so that what was ordered holds when this returns.
    await this.#turns.resync(executionId);
    if ('value' in reply) return reply.value;
    const { code, message, details } = reply.refused;
    throw new PlatformError(isErrorCode(code) ? code : 'INTERNAL_ERROR', message, details === undefined ? {} : { details });
  }

  #object<T>(address: Address, schema: z.ZodType<T>, message?: unknown): Promise<T> {
    const options = ONCE.has(address.handler) ? this.#once() : { patienceMs: this.#patienceMs };
    return this.#client.call(address, message === undefined ? undefined : toJson(message), schema, options);
  }

  #once(): { idempotencyKey: string; patienceMs: number } {
    return { idempotencyKey: this.#options.random.uuid(), patienceMs: this.#patienceMs };
  }

  /** The execution as the views show it; another node may have done what it was asked. */
  async #shown(executionId: string): Promise<Execution> {
    const execution = this.read.execution(executionId) ?? (await this.#views.restore(executionId));
    if (execution !== undefined) return execution;
    throw new PlatformError('EXECUTION_NOT_FOUND', `Cannot find the execution "${executionId}"`);
  }
}

/** What needs more than one execution's object: starts by time or event, budgets and queues, and secrets, which a record must not hold. */
function refuseUnsupported({ document }: WorkflowDefinition): void {
  const found = [
    ...(document.schedule === undefined ? [] : ['/schedule']),
    ...(document.use?.secrets === undefined ? [] : ['/use/secrets']),
    ...(document.document.metadata?.['loopwright'] === undefined ? [] : ['/document/metadata/loopwright']),
  ];
  if (found.length === 0) return;
  const issues = found.map((pointer) => ({ pointer, message: 'is not supported on Restate' }));
  throw new PlatformError('INVALID_DEFINITION', `Cannot use the definition on Restate: ${found.join(', ')} is not supported`, {
    details: { issues },
  });
}
