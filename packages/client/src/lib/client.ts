import {
  type AcceptanceRequest,
  type BudgetAddition,
  type ClarificationRequest,
  type DailyAnalytics,
  type ExamplesDescription,
  type ExecuteResponse,
  type ExecutionEventMessage,
  type ExecutionList,
  type ExecutionResponse,
  type HumanTask,
  type Json,
  type LabelledExample,
  type ProgramSummary,
  type ServerHealth,
  type StartWorkflowRequest,
  dailyAnalyticsSchema,
  examplesDescriptionSchema,
  executeResponseSchema,
  executionListSchema,
  executionResponseSchema,
  humanTaskSchema,
  labelledExampleSchema,
  programSummarySchema,
  serverHealthSchema,
} from '@loopwright/protocol';
import { z } from 'zod';
import { readEvents } from './events.ts';
import { type Caller, callApi, fetchText } from './request.ts';

/** How a client reaches the control plane. */
export interface ClientOptions {
  /** Base URL, or a function that gives the present one. */
  readonly baseUrl: string | (() => string | Promise<string>);
  /** Who calls, in development mode (`X-User-Id`). */
  readonly userId?: string;
}

/** An answer with the caller's name for it: sent again, it is the same answer. */
export interface Keyed {
  readonly idempotencyKey?: string;
}

/** The control plane's API, call by call. Every method throws `PlatformError` with the server's code. */
export class Client {
  readonly #caller: Caller;

  constructor({ baseUrl, userId }: ClientOptions) {
    this.#caller = { baseUrl: typeof baseUrl === 'string' ? () => baseUrl : baseUrl, userId };
  }

  health(): Promise<ServerHealth> {
    return callApi(this.#caller, { method: 'GET', path: '/health', answer: serverHealthSchema });
  }

  /** Sends labelled examples, `application/x-ndjson` or `text/csv`; nothing is kept when a line is wrong. */
  uploadExamples(body: ReadableStream<Uint8Array>, contentType: string): Promise<ExamplesDescription> {
    return callApi(this.#caller, {
      method: 'POST',
      path: '/api/v1/examples',
      answer: examplesDescriptionSchema,
      stream: { body, contentType },
    });
  }

  /** The examples of a set, in its canonical order. */
  async examples(digest: string): Promise<LabelledExample[]> {
    const text = await fetchText(this.#caller, `/api/v1/examples/${encodeURIComponent(digest)}/lines`);
    const lines = text.split('\n').filter((line) => line !== '');
    return lines.map((line) => labelledExampleSchema.parse(JSON.parse(line)));
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

  executions(query: Record<string, string> = {}): Promise<ExecutionList> {
    const path = `/api/v1/executions?${new URLSearchParams(query).toString()}`;
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

  /** The questions that are open, of one execution or of all. */
  async openTasks(executionId?: string): Promise<HumanTask[]> {
    const path = `/api/v1/tasks?${new URLSearchParams(executionId === undefined ? {} : { execution_id: executionId }).toString()}`;
    const { tasks } = await callApi(this.#caller, { method: 'GET', path, answer: z.object({ tasks: z.array(humanTaskSchema) }) });
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

  execute(name: string, input: Json): Promise<ExecuteResponse> {
    const path = `/api/v1/programs/${encodeURIComponent(name)}/execute`;
    return callApi(this.#caller, { method: 'POST', path, answer: executeResponseSchema, json: { input } });
  }

  analytics(name: string, date?: string): Promise<DailyAnalytics> {
    const query = date === undefined ? '' : `?date=${date}`;
    const path = `/api/v1/programs/${encodeURIComponent(name)}/analytics${query}`;
    return callApi(this.#caller, { method: 'GET', path, answer: dailyAnalyticsSchema });
  }

  /**
   * The events of an execution behind the cursor, stored ones first, until it ends or `signal` aborts. Throws SERVICE_UNAVAILABLE when the
   * connection is lost: go on with the `seq` of the last event.
   */
  async *events(
    id: string,
    { after = 0, signal }: { after?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<ExecutionEventMessage> {
    yield* readEvents(
      new URL(`/api/v1/ws/executions/${encodeURIComponent(id)}?after=${after}`, await this.#caller.baseUrl()),
      signal,
    );
  }
}
