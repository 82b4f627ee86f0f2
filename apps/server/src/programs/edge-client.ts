import {
  ACTIVE_ALIAS,
  type BatchExecuteRequest,
  type BatchExecuteResponse,
  type BehaviourDiff,
  type DailyAnalytics,
  type DiffRequest,
  type EdgeHealth,
  type EdgeRolloutFigures,
  type ExecuteResponse,
  type ExportKind,
  type ExportQuery,
  type Json,
  PlatformError,
  type RangeAnalytics,
  type TaskExecuteRequest,
  type TaskExecuteResponse,
  batchExecuteResponseSchema,
  behaviourDiffSchema,
  dailyAnalyticsSchema,
  edgeHealthSchema,
  edgeRolloutAnswerSchema,
  errorResponseSchema,
  executeResponseSchema,
  exportPath,
  isErrorCode,
  messageOf,
  rangeAnalyticsSchema,
  taskExecuteResponseSchema,
} from '@loopwright/protocol';
import { z } from 'zod';

/** What the edge says after it looked at an alias again. */
const refreshedSchema = z.object({ task_id: z.string(), active_version: z.int().nullable(), digest: z.string().nullable() });
export type Refreshed = z.infer<typeof refreshedSchema>;

/** Headers of an answer that name the version which gave it. */
const VERSION_HEADERS = ['x-program-version', 'x-program-digest', 'x-program-alias', 'x-execution-id'];

/** How long the edge may take for one call, in milliseconds. */
const TIMEOUT_MS = 120_000;
/** The same for the question how it is. */
const HEALTH_TIMEOUT_MS = 1000;

/** Where the edge runtime is, and what it expects from its orchestrator. */
export interface EdgeAddress {
  /** Base URL; throws SERVICE_UNAVAILABLE while the edge is not running. */
  readonly url: () => string;
  /** Resolves when the edge runs; throws SERVICE_UNAVAILABLE when it does not within a time that a workflow can wait. */
  readonly ready: () => Promise<void>;
  readonly authToken: string;
  /** Headers of the moment, such as the trace that a call belongs to. */
  readonly headers?: () => Record<string, string>;
  /** Sends a request to a path of the edge. Left out: over HTTP to its URL. */
  readonly fetch?: (path: string, init: EdgeRequest) => Promise<Response>;
}

/** A request to the edge, in the words of `fetch`. */
interface EdgeRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/** What a call of a program says besides its input. */
export interface CallOptions {
  /** Requests with the same one get the same version while a rollout is under way. */
  readonly key?: string | undefined;
  /** Told the headers that name the version which answers, also when it fails. */
  readonly onVersion?: ((headers: Record<string, string>) => void) | undefined;
}

interface CallInit extends Pick<CallOptions, 'onVersion'> {
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  readonly headers?: Record<string, string>;
}

/** Calls the edge runtime. Its errors come back with their code; an edge that cannot be reached is SERVICE_UNAVAILABLE. */
export class EdgeClient {
  readonly #address: EdgeAddress;

  constructor(address: EdgeAddress) {
    this.#address = address;
  }

  /** Base URL, or `null` while the edge is not running. */
  url(): string | null {
    try {
      return this.#address.url();
    } catch {
      return null;
    }
  }

  /** `key`: requests with the same one get the same version while a rollout is under way. `onVersion` is told who answers, also when that fails. */
  async execute(
    name: string,
    request: { readonly input: Json; readonly alias?: string | undefined },
    { key, onVersion }: CallOptions = {},
  ): Promise<ExecuteResponse> {
    const response = await this.#call('POST', `/tasks/${name}/execute`, { body: request, headers: keyHeader(key), onVersion });
    return executeResponseSchema.parse(await response.json());
  }

  /** The same with everything that is known of it, whatever version was asked for. A program that failed is an answer. */
  async executeTask(
    name: string,
    request: TaskExecuteRequest,
    { key, onVersion }: CallOptions = {},
  ): Promise<TaskExecuteResponse> {
    const path = `/api/v1/tasks/${name}/execute`;
    const response = await this.#call('POST', path, { body: request, headers: keyHeader(key), onVersion });
    return taskExecuteResponseSchema.parse(await response.json());
  }

  async executeBatch(
    request: BatchExecuteRequest,
    signal?: AbortSignal,
    onVersion?: CallOptions['onVersion'],
  ): Promise<BatchExecuteResponse> {
    await this.#address.ready();
    const options = { body: request, onVersion, ...(signal === undefined ? {} : { signal }) };
    const response = await this.#call('POST', '/batch/execute', options);
    return batchExecuteResponseSchema.parse(await response.json());
  }

  /** Replays inputs through two versions and says how they differ. */
  async compare(name: string, request: DiffRequest, signal?: AbortSignal): Promise<BehaviourDiff> {
    await this.#address.ready();
    const options = { body: request, ...(signal === undefined ? {} : { signal }) };
    return behaviourDiffSchema.parse(await (await this.#call('POST', `/tasks/${name}/diff`, options)).json());
  }

  /** Makes the edge serve what an alias points to now; resolves when it does. */
  async refresh(name: string, alias: string = ACTIVE_ALIAS): Promise<Refreshed> {
    await this.#address.ready();
    return refreshedSchema.parse(await (await this.#call('POST', `/tasks/${name}/refresh`, { body: { alias } })).json());
  }

  /** What the rollout of an alias has counted; `null`: the edge has none. */
  async rollout(name: string, alias: string): Promise<EdgeRolloutFigures | null> {
    const path = `/tasks/${name}/rollout?alias=${alias}`;
    return edgeRolloutAnswerSchema.parse(await (await this.#call('GET', path, {})).json()).rollout;
  }

  /** What the edge says of itself, if it does within a second; `null`: it does not. */
  async health(): Promise<EdgeHealth | null> {
    // Other calls wait for an edge that is being started.
    if (this.url() === null) return null;
    try {
      const response = await this.#call('GET', '/health', { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) });
      return edgeHealthSchema.parse(await response.json());
    } catch {
      return null;
    }
  }

  analytics(name: string, { date, exact }: { date?: string | undefined; exact: boolean }): Promise<DailyAnalytics> {
    const query = new URLSearchParams({ exact: String(exact), ...(date === undefined ? {} : { date }) });
    return this.request(dailyAnalyticsSchema, 'GET', `/tasks/${name}/analytics?${query.toString()}`);
  }

  /** The figures of the days from one to another, both included; to today when no end is given. */
  rangeAnalytics(name: string, { from, to }: { from: string; to?: string | undefined }): Promise<RangeAnalytics> {
    const query = new URLSearchParams({ from, ...(to === undefined ? {} : { to }) });
    return this.request(rangeAnalyticsSchema, 'GET', `/tasks/${name}/analytics/range?${query.toString()}`);
  }

  /** A file that is made for this request, as it comes. Over HTTP whatever else there is: it may be of any size. */
  async export(
    name: string,
    { kind, ...query }: ExportQuery & { readonly kind: ExportKind },
    signal: AbortSignal,
  ): Promise<ReadableStream<Uint8Array>> {
    const path = `/tasks/${name}${exportPath(kind, query)}`;
    const { body } = await this.#send(overHttp(this.#address.url()), path, { method: 'GET', headers: this.#headers(), signal });
    if (body === null) throw new PlatformError('SERVICE_UNAVAILABLE', 'Cannot use the edge runtime: its answer is empty');
    return body;
  }

  /** Any other call; the answer is read by the schema. */
  async request<Answer>(schema: z.ZodType<Answer>, method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answer> {
    return schema.parse(await (await this.#call(method, path, body === undefined ? {} : { body })).json());
  }

  async #call(method: string, path: string, { body, signal, headers: own, onVersion }: CallInit): Promise<Response> {
    const limit = AbortSignal.timeout(TIMEOUT_MS);
    const headers = this.#headers(own);
    const init: EdgeRequest = {
      method,
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    return this.#send(this.#address.fetch ?? overHttp(this.#address.url()), path, init, onVersion);
  }

  #headers(own?: Record<string, string>): Record<string, string> {
    return { ...this.#address.headers?.(), ...own, authorization: `Bearer ${this.#address.authToken}` };
  }

  async #send(
    send: NonNullable<EdgeAddress['fetch']>,
    path: string,
    init: EdgeRequest,
    onVersion?: CallOptions['onVersion'],
  ): Promise<Response> {
    let response: Response;
    try {
      response = await send(path, init);
    } catch (error) {
      if (error instanceof PlatformError && error.code === 'SERVICE_UNAVAILABLE') throw error;
      throw new PlatformError('SERVICE_UNAVAILABLE', `Cannot reach the edge runtime: ${messageOf(error)}`, { cause: error });
    }
    onVersion?.(versionHeaders(response));
    if (response.ok) return response;
    throw await errorOf(response);
  }
}

/** What names the version that gave an answer. */
function versionHeaders({ headers }: Response): Record<string, string> {
  return Object.fromEntries(
    VERSION_HEADERS.flatMap((header) => {
      const value = headers.get(header);
      return value === null ? [] : [[header, value] as const];
    }),
  );
}

function keyHeader(key: string | undefined): Record<string, string> {
  return key === undefined ? {} : { 'x-rollout-key': key };
}

function overHttp(url: string): NonNullable<EdgeAddress['fetch']> {
  return (path, init) => fetch(url + path, init);
}

async function errorOf(response: Response): Promise<PlatformError> {
  const parsed = errorResponseSchema.safeParse(await response.json().catch(() => undefined));
  if (!parsed.success || !isErrorCode(parsed.data.error_code)) {
    return new PlatformError('SERVICE_UNAVAILABLE', `Cannot use the edge runtime: it answered ${response.status}`);
  }
  const { error_code: code, message, details } = parsed.data;
  return new PlatformError(code, message, details === undefined ? {} : { details });
}
