import {
  type AcceptanceRequest,
  type BudgetAddition,
  type BulkAction,
  type BulkFilter,
  type BulkPreview,
  type BulkResult,
  type ClarificationRequest,
  type DailyAnalytics,
  type Diagram,
  type ExamplesDescription,
  type ExecuteResponse,
  type ExecutionEventMessage,
  type ExecutionList,
  type ExecutionResponse,
  type ExportKind,
  type ExportQuery,
  type GlobalEventMessage,
  type HumanTask,
  type Json,
  type LabelledExample,
  type MoveRequest,
  type MoveResponse,
  type ProgramSummary,
  type RestartRequestBody,
  type ServerHealth,
  type StartWorkflowRequest,
  type ListExecutionsInput,
  type StuckList,
  type WorkflowVersions,
  bulkPreviewSchema,
  bulkResultSchema,
  type WorkflowList,
  type WorkflowSchedule,
  dailyAnalyticsSchema,
  diagramSchema,
  examplesDescriptionSchema,
  executeResponseSchema,
  executionListSchema,
  exportPath,
  executionResponseSchema,
  humanTaskListSchema,
  labelledExampleSchema,
  moveResponseSchema,
  programSummarySchema,
  serverHealthSchema,
  stuckListSchema,
  whySchema,
  workflowVersionsSchema,
  workflowListSchema,
  workflowScheduleSchema,
} from '@loopwright/protocol';
import type { z } from 'zod';
import { AliasesClient } from './aliases.ts';
import { type StreamOptions, readEvents } from './events.ts';
import { type ApiAnswer, type ApiCall, type Caller, callApi, exchange, fetchText, openStream } from './request.ts';
import { RunsClient } from './runs.ts';

/** How a client reaches the control plane. */
export interface ClientOptions {
  /** Base URL, or a function that gives the present one. */
  readonly baseUrl: string | (() => string | Promise<string>);
  /** Who calls, in development mode (`X-User-Id`). */
  readonly userId?: string;
  /** An API key or a token, where the server has identities configured. */
  readonly apiKey?: string;
  /** More headers of every request, asked for at each one, such as the token of a browser's session. */
  readonly headers?: () => Readonly<Record<string, string>>;
}

/** An answer with the caller's name for it: sent again, it is the same answer. */
export interface Keyed {
  readonly idempotencyKey?: string;
}

/** Which page of a list; left out: the first one, as long as the server makes it. */
export interface PageOptions {
  /** From 1 to 500. */
  readonly limit?: number;
  /** `next_cursor` of the page before. */
  readonly cursor?: string;
}

/** The control plane's API, call by call. Every method throws `PlatformError` with the server's code. */
export class Client {
  readonly #caller: Caller;

  /** Runs of profiles, their artifacts and metrics. */
  readonly runs: RunsClient;

  /** Where the aliases of programs point, and moving them. */
  readonly aliases: AliasesClient;

  constructor({ baseUrl, userId, apiKey, headers = () => ({}) }: ClientOptions) {
    this.#caller = { baseUrl: typeof baseUrl === 'string' ? () => baseUrl : baseUrl, userId, apiKey, headers };
    this.runs = new RunsClient(this.#caller);
    this.aliases = new AliasesClient(this.#caller);
  }

  /** Any operation of the API, checked by the schema of its answer: for what has no method of its own here. */
  call<Schema extends z.ZodType>(call: ApiCall<Schema>): Promise<z.infer<Schema>> {
    return callApi(this.#caller, call);
  }

  /** The same with the headers of the answer: for an ETag, or for the version that answered. */
  exchange<Schema extends z.ZodType>(call: ApiCall<Schema>): Promise<ApiAnswer<z.infer<Schema>>> {
    return exchange(this.#caller, call);
  }

  /** The answer to a GET as text. */
  text(path: string): Promise<string> {
    return fetchText(this.#caller, path);
  }

  health(): Promise<ServerHealth> {
    return callApi(this.#caller, { method: 'GET', path: '/health', answer: serverHealthSchema });
  }

  /** Sends labelled examples for a project, `application/x-ndjson` or `text/csv`; nothing is kept when a line is wrong. */
  uploadExamples(
    body: ReadableStream<Uint8Array> | Blob,
    contentType: string,
    { projectId, ...keyed }: { projectId?: string } & Keyed = {},
  ): Promise<ExamplesDescription> {
    return callApi(this.#caller, {
      method: 'POST',
      path: `/api/v1/examples${projectId === undefined ? '' : `?project_id=${encodeURIComponent(projectId)}`}`,
      answer: examplesDescriptionSchema,
      stream: { body, contentType },
      ...keyed,
    });
  }

  /** The examples of a set, in its canonical order. */
  async examples(digest: string): Promise<LabelledExample[]> {
    const text = await fetchText(this.#caller, `/api/v1/examples/${encodeURIComponent(digest)}/lines`);
    const lines = text.split('\n').filter((line) => line !== '');
    return lines.map((line) => labelledExampleSchema.parse(JSON.parse(line)));
  }

  /** The workflows that can be started, by their ids, with what starts them by itself. */
  workflows(page: PageOptions = {}): Promise<WorkflowList> {
    return callApi(this.#caller, { method: 'GET', path: `/api/v1/workflows${pageText(page)}`, answer: workflowListSchema });
  }

  /** Stops what starts a workflow by itself. */
  pauseSchedule(workflowId: string): Promise<WorkflowSchedule> {
    return this.#changeSchedule(workflowId, 'pause');
  }

  /** Lets what starts a workflow by itself go on from now. */
  resumeSchedule(workflowId: string): Promise<WorkflowSchedule> {
    return this.#changeSchedule(workflowId, 'resume');
  }

  startWorkflow(workflowId: string, request: StartWorkflowRequest, keyed: Keyed = {}): Promise<ExecutionResponse> {
    const path = `/api/v1/workflows/${encodeURIComponent(workflowId)}/start`;
    return callApi(this.#caller, { method: 'POST', path, answer: executionResponseSchema, json: request, ...keyed });
  }

  execution(id: string): Promise<ExecutionResponse> {
    return callApi(this.#caller, {
      method: 'GET',
      path: `/api/v1/executions/${encodeURIComponent(id)}`,
      answer: executionResponseSchema,
    });
  }

  /** Executions that fit, page by page. */
  executions(filter: ExecutionFilter = {}): Promise<ExecutionList> {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(filter)) if (value !== undefined) parameters.set(name, String(value));
    const path = `/api/v1/executions?${parameters.toString()}`;
    return callApi(this.#caller, { method: 'GET', path, answer: executionListSchema });
  }

  cancel(id: string, reason?: string): Promise<ExecutionResponse> {
    const path = `/api/v1/executions/${encodeURIComponent(id)}/cancel`;
    return callApi(this.#caller, {
      method: 'POST',
      path,
      answer: executionResponseSchema,
      json: reason === undefined ? {} : { reason },
    });
  }

  /** Adds to what an execution may use; one that was paused because it is used up goes on. */
  addBudget(id: string, add: BudgetAddition, keyed: Keyed = {}): Promise<ExecutionResponse> {
    const path = `/api/v1/executions/${encodeURIComponent(id)}/budget`;
    return callApi(this.#caller, { method: 'POST', path, answer: executionResponseSchema, json: { add }, ...keyed });
  }

  /** Begins an execution that has ended again, at a task or at the beginning, as a new one that shares what was recorded before. */
  restart(id: string, request: RestartRequestBody = {}, keyed: Keyed = {}): Promise<ExecutionResponse> {
    const path = `/api/v1/executions/${encodeURIComponent(id)}/restart`;
    return callApi(this.#caller, { method: 'POST', path, answer: executionResponseSchema, json: request, ...keyed });
  }

  /** Begins an execution that failed again, at what failed, as a new one. */
  retry(id: string, keyed: Keyed = {}): Promise<ExecutionResponse> {
    const path = `/api/v1/executions/${encodeURIComponent(id)}/retry`;
    return callApi(this.#caller, { method: 'POST', path, answer: executionResponseSchema, ...keyed });
  }

  /** Lets an execution go on under another definition of its workflow, or with `dry_run` only says whether it could. */
  move(id: string, request: MoveRequest): Promise<MoveResponse> {
    const path = `/api/v1/executions/${encodeURIComponent(id)}/move`;
    return callApi(this.#caller, { method: 'POST', path, answer: moveResponseSchema, json: request });
  }

  /** Every definition of a workflow, and the executions that still run an old one. */
  workflowVersions(workflowId: string, page: PageOptions = {}): Promise<WorkflowVersions> {
    const path = `/api/v1/workflows/${encodeURIComponent(workflowId)}/versions${pageText(page)}`;
    return callApi(this.#caller, { method: 'GET', path, answer: workflowVersionsSchema });
  }

  /** Why an execution is where it is. */
  why(id: string): Promise<z.infer<typeof whySchema>> {
    const path = `/api/v1/executions/${encodeURIComponent(id)}/why`;
    return callApi(this.#caller, { method: 'GET', path, answer: whySchema });
  }

  /** Executions that go on only when somebody does something, and are so for some seconds. */
  stuck(forSeconds = 60, page: PageOptions = {}): Promise<StuckList> {
    const path = `/api/v1/executions/stuck${pageText({ ...page, for_seconds: forSeconds })}`;
    return callApi(this.#caller, { method: 'GET', path, answer: stuckListSchema });
  }

  /** A workflow as a flow chart for Mermaid. */
  workflowDiagram(workflowId: string): Promise<Diagram> {
    const path = `/api/v1/workflows/${encodeURIComponent(workflowId)}/diagram?format=json`;
    return callApi(this.#caller, { method: 'GET', path, answer: diagramSchema });
  }

  /** How far an execution has come, as a flow chart for Mermaid and task by task. */
  executionDiagram(id: string): Promise<Diagram> {
    const path = `/api/v1/executions/${encodeURIComponent(id)}/diagram?format=json`;
    return callApi(this.#caller, { method: 'GET', path, answer: diagramSchema });
  }

  /** Finds the executions that an action is for, and names them by a token. */
  previewBulk(action: BulkAction, filter: BulkFilter = {}): Promise<BulkPreview> {
    const json = { action, filter, dry_run: true };
    return callApi(this.#caller, { method: 'POST', path: '/api/v1/executions/bulk', answer: bulkPreviewSchema, json });
  }

  /** Does what was previewed, to exactly those executions. */
  runBulk(token: string, reason?: string): Promise<BulkResult> {
    const json = { token, ...(reason === undefined ? {} : { reason }) };
    return callApi(this.#caller, { method: 'POST', path: '/api/v1/executions/bulk', answer: bulkResultSchema, json });
  }

  /** The questions that are open, of one execution or of all. */
  async openTasks(executionId?: string): Promise<HumanTask[]> {
    const path = `/api/v1/tasks?${new URLSearchParams(executionId === undefined ? {} : { execution_id: executionId }).toString()}`;
    const { tasks } = await callApi(this.#caller, { method: 'GET', path, answer: humanTaskListSchema });
    return tasks;
  }

  clarify(executionId: string, request: ClarificationRequest, keyed: Keyed = {}): Promise<ExecutionResponse> {
    const path = `/api/v1/executions/${encodeURIComponent(executionId)}/clarification`;
    return callApi(this.#caller, { method: 'POST', path, answer: executionResponseSchema, json: request, ...keyed });
  }

  accept(executionId: string, request: AcceptanceRequest, keyed: Keyed = {}): Promise<ExecutionResponse> {
    const path = `/api/v1/executions/${encodeURIComponent(executionId)}/acceptance`;
    return callApi(this.#caller, { method: 'POST', path, answer: executionResponseSchema, json: request, ...keyed });
  }

  program(name: string): Promise<ProgramSummary> {
    return callApi(this.#caller, {
      method: 'GET',
      path: `/api/v1/programs/${encodeURIComponent(name)}`,
      answer: programSummarySchema,
    });
  }

  /** Runs the version of an alias on an input; left out: the active one. */
  execute(name: string, input: Json, alias?: string): Promise<ExecuteResponse> {
    const path = `/api/v1/programs/${encodeURIComponent(name)}/execute`;
    const json = { input, ...(alias === undefined ? {} : { alias }) };
    return callApi(this.#caller, { method: 'POST', path, answer: executeResponseSchema, json });
  }

  analytics(name: string, date?: string): Promise<DailyAnalytics> {
    const query = date === undefined ? '' : `?date=${date}`;
    const path = `/api/v1/programs/${encodeURIComponent(name)}/analytics${query}`;
    return callApi(this.#caller, { method: 'GET', path, answer: dailyAnalyticsSchema });
  }

  /** Everything that was recorded of a program's executions, or its figures of each day: a CSV or Parquet file as it comes. */
  exportProgram(
    name: string,
    { kind, ...query }: ExportQuery & { readonly kind: ExportKind },
    signal?: AbortSignal,
  ): Promise<ReadableStream<Uint8Array>> {
    const path = `/api/v1/programs/${encodeURIComponent(name)}${exportPath(kind, query)}`;
    return openStream(this.#caller, path, { signal, accept: '*/*' });
  }

  /**
   * The events of an execution behind the cursor, stored ones first, each once, until it ends or `signal` aborts. A lost connection and a server
   * that comes back are bridged. Throws SERVICE_UNAVAILABLE when it stays away, LIMIT_EXCEEDED when history is gone and no `onGap` takes that.
   */
  async *events(id: string, options: StreamOptions = {}): AsyncGenerator<ExecutionEventMessage> {
    const query = typesOf(options);
    const path = `/api/v1/executions/${encodeURIComponent(id)}/events${query === '' ? '' : `?${query}`}`;
    for await (const event of readEvents({ caller: this.#caller, path }, options)) if (!('position' in event)) yield event;
  }

  /** The events of all executions that the caller may see, in one order, as {@link events} gives those of one; it has no end. */
  async *allEvents({
    filter = {},
    ...options
  }: StreamOptions & { filter?: EventQuery } = {}): AsyncGenerator<GlobalEventMessage> {
    const lists = { workflow_id: filter.workflows, project_id: filter.projects, execution_id: filter.executions };
    const query = Object.entries(lists).flatMap(([name, values]) =>
      values === undefined ? [] : [`${name}=${values.map(encodeURIComponent).join(',')}`],
    );
    const types = typesOf(options);
    const path = `/api/v1/events?${[...query, ...(types === '' ? [] : [types])].join('&')}`;
    for await (const event of readEvents({ caller: this.#caller, path }, options)) if ('position' in event) yield event;
  }

  #changeSchedule(workflowId: string, change: 'pause' | 'resume'): Promise<WorkflowSchedule> {
    const path = `/api/v1/workflows/${encodeURIComponent(workflowId)}/schedule/${change}`;
    return callApi(this.#caller, { method: 'POST', path, answer: workflowScheduleSchema });
  }
}

/** Which executions are listed, and how; left out: what the server says. */
export type ExecutionFilter = Omit<
  { readonly [Key in keyof ListExecutionsInput]?: ListExecutionsInput[Key] | undefined },
  'limit' | 'offset'
> & { readonly limit?: number | undefined; readonly offset?: number | undefined };

/** Which events of all executions are read; what is left out does not matter. */
export interface EventQuery {
  readonly workflows?: readonly string[];
  readonly projects?: readonly string[];
  readonly executions?: readonly string[];
}

function pageText(parameters: PageOptions & { for_seconds?: number }): string {
  const given = Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)]);
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}

function typesOf({ eventTypes }: StreamOptions): string {
  return eventTypes === undefined ? '' : `event_type=${eventTypes.map(encodeURIComponent).join(',')}`;
}
