import {
  type AdvanceRunResponse,
  type ArtifactsResponse,
  type CloneRunRequest,
  type CreateRunRequest,
  type ListRunsInput,
  type ListRunsResponse,
  type MetricsSummary,
  type RunBulkAction,
  type RunBulkFilter,
  type RunBulkPreview,
  type RunBulkResult,
  type RunDetail,
  type RunSummary,
  advanceRunResponseSchema,
  artifactsResponseSchema,
  listRunsResponseSchema,
  metricsSummarySchema,
  runBulkPreviewSchema,
  runBulkResultSchema,
  runDetailSchema,
  runSummarySchema,
  whySchema,
} from '@loopwright/protocol';
import type { z } from 'zod';
import { type Caller, callApi, fetchText } from './request.ts';

/** What a run is created from; left out: what the server says. */
export type NewRun = Pick<CreateRunRequest, 'profile'> & Partial<Omit<CreateRunRequest, 'profile'>>;

/** Which runs are listed, and how; left out: what the server says. */
export type RunFilter = Omit<{ readonly [Key in keyof ListRunsInput]?: ListRunsInput[Key] | undefined }, 'limit' | 'offset'> & {
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
};

/** A request with the caller's name for it: sent again, it has no second effect. */
interface Keyed {
  readonly idempotencyKey?: string;
}

/** The runs of a control plane. Every method throws `PlatformError` with the server's code, RUN_NOT_FOUND for a run that there is not. */
export class RunsClient {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Creates a run, which waits for somebody to advance it, unless its mode is `auto`. */
  create(run: NewRun, { idempotencyKey }: Keyed = {}): Promise<RunSummary> {
    return this.#post('/runs', runSummarySchema, { json: run, idempotencyKey });
  }

  /** Creates a run like another one, with what is different. */
  clone(runId: string, overrides: CloneRunRequest = {}, { idempotencyKey }: Keyed = {}): Promise<RunSummary> {
    return this.#post(`${pathOf(runId)}/clone`, runSummarySchema, { json: overrides, idempotencyKey });
  }

  /**
   * Runs the next phase. Resolves when it has ended, waits for people, or takes longer than the server waits. Throws PHASE_UNDER_WAY while another one
   * runs, INVALID_STATE for a run that is paused or has ended.
   */
  next(
    runId: string,
    { skipValidation = false, idempotencyKey }: Keyed & { skipValidation?: boolean } = {},
  ): Promise<AdvanceRunResponse> {
    return this.#post(`${pathOf(runId)}/next`, advanceRunResponseSchema, {
      json: { skip_validation: skipValidation },
      idempotencyKey,
    });
  }

  /** Begins the next phase, and resolves as soon as it has begun. Throws as {@link next} does. */
  start(runId: string, { skipValidation = false }: { skipValidation?: boolean } = {}): Promise<AdvanceRunResponse> {
    const path = `/api/v1${pathOf(runId)}/next`;
    const json = { skip_validation: skipValidation };
    return callApi(this.#caller, { method: 'POST', path, answer: advanceRunResponseSchema, json, prefer: 'respond-async' });
  }

  /** The runs that fit, the newest first. */
  list(filter: RunFilter = {}): Promise<ListRunsResponse> {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(filter)) if (value !== undefined) parameters.set(name, String(value));
    return this.#get(`/runs?${parameters.toString()}`, listRunsResponseSchema);
  }

  /** A run and its phases. */
  get(runId: string): Promise<RunDetail> {
    return this.#get(pathOf(runId), runDetailSchema);
  }

  /** What was measured of a run, and what is to be expected. */
  metrics(runId: string): Promise<MetricsSummary> {
    return this.#get(`${pathOf(runId)}/metrics`, metricsSummarySchema);
  }

  /** Why a run does not move. */
  why(runId: string): Promise<z.infer<typeof whySchema>> {
    return this.#get(`${pathOf(runId)}/why`, whySchema);
  }

  /** The artifacts of a run by phase. */
  artifacts(runId: string): Promise<ArtifactsResponse> {
    return this.#get(`${pathOf(runId)}/artifacts`, artifactsResponseSchema);
  }

  /** An artifact as text. Throws RUN_ARTIFACT_NOT_FOUND. */
  artifactText(runId: string, artifactId: string): Promise<string> {
    return fetchText(this.#caller, `/api/v1${pathOf(runId)}/artifacts/${encodeURIComponent(artifactId)}/download`);
  }

  /** Ends a run for good. Throws INVALID_STATE for one that has ended. */
  cancel(runId: string, reason?: string): Promise<RunDetail> {
    return this.#post(`${pathOf(runId)}/cancel`, runDetailSchema, { json: reason === undefined ? {} : { reason } });
  }

  /** Stops a run before its next step. */
  pause(runId: string): Promise<RunDetail> {
    return this.#post(`${pathOf(runId)}/pause`, runDetailSchema);
  }

  /** Lets a paused run go on. */
  resume(runId: string): Promise<RunDetail> {
    return this.#post(`${pathOf(runId)}/resume`, runDetailSchema);
  }

  /** Finds the runs that an action is for, and names them by a token. */
  previewBulk(action: RunBulkAction, filter: RunBulkFilter = {}): Promise<RunBulkPreview> {
    return this.#post('/runs/bulk', runBulkPreviewSchema, { json: { action, filter, dry_run: true } });
  }

  /** Does what was previewed, to exactly those runs. */
  runBulk(token: string, reason?: string): Promise<RunBulkResult> {
    return this.#post('/runs/bulk', runBulkResultSchema, { json: { token, ...(reason === undefined ? {} : { reason }) } });
  }

  /** Tries again what made a run fail. */
  retry(runId: string, { idempotencyKey }: Keyed = {}): Promise<RunDetail> {
    return this.#post(`${pathOf(runId)}/retry`, runDetailSchema, { idempotencyKey });
  }

  #get<Schema extends z.ZodType>(path: string, answer: Schema): Promise<z.infer<Schema>> {
    return callApi(this.#caller, { method: 'GET', path: `/api/v1${path}`, answer });
  }

  #post<Schema extends z.ZodType>(
    path: string,
    answer: Schema,
    { json, idempotencyKey }: { json?: unknown; idempotencyKey?: string | undefined } = {},
  ): Promise<z.infer<Schema>> {
    return callApi(this.#caller, {
      method: 'POST',
      path: `/api/v1${path}`,
      answer,
      ...(json === undefined ? {} : { json }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
  }
}

function pathOf(runId: string): string {
  return `/runs/${encodeURIComponent(runId)}`;
}
