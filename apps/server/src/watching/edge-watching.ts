import {
  type BatchValidateRequest,
  type BatchValidateResponse,
  type CandidateList,
  type CandidatesRated,
  type DriftVerdict,
  type RangeAnalytics,
  type RateCandidatesRequest,
  type Sample,
  type SampleAnswer,
  type SampleList,
  type SampleState,
  type ValidationSummary,
  batchValidateResponseSchema,
  candidateListSchema,
  candidatesRatedSchema,
  driftVerdictSchema,
  rangeAnalyticsSchema,
  sampleListSchema,
  sampleSchema,
  validationSummarySchema,
} from '@loopwright/protocol';
import { z } from 'zod';
import type { EdgeClient } from '../programs/edge-client.ts';

/** Samples of a page that the edge gives at the most. */
const PAGE = 200;

const claimedSchema = z.object({ sample: sampleSchema.nullable() });

/** What the model says of two outputs that are compared by their meaning. */
export interface Judgement {
  readonly match: boolean;
  /** 0 to 1. */
  readonly similarity: number;
  readonly cost_usd: number;
}

/** Which oracle answered, when it was no person. */
export interface OracleSaid {
  readonly provider: string;
  readonly model: string | null;
  readonly cost_usd: number;
  readonly latency_ms: number | null;
}

/** What the edge knows of samples, validations and drift. Its errors come back with their codes. */
export class EdgeWatching {
  readonly #edge: EdgeClient;

  constructor(edge: EdgeClient) {
    this.#edge = edge;
  }

  /** Whether the edge runs. */
  get isThere(): boolean {
    return this.#edge.url() !== null;
  }

  drift(program: string): Promise<DriftVerdict> {
    return this.#edge.request(driftVerdictSchema, 'GET', `/tasks/${program}/drift`);
  }

  validation(program: string): Promise<ValidationSummary> {
    return this.#edge.request(validationSummarySchema, 'GET', `/tasks/${program}/validation`);
  }

  /** Figures of the days from one on (`YYYY-MM-DD`), by version and together. */
  figures(program: string, { from, to }: { from: string; to?: string }): Promise<RangeAnalytics> {
    const query = new URLSearchParams({ from, ...(to === undefined ? {} : { to }) });
    return this.#edge.request(rangeAnalyticsSchema, 'GET', `/tasks/${program}/analytics/range?${query.toString()}`);
  }

  /** Takes US dollars from the budget of the oracle of a program that were spent for something else than a sample. */
  async spend(program: string, costUsd: number): Promise<void> {
    const spentSchema = z.object({ spent_usd: z.number() });
    await this.#edge.request(spentSchema, 'POST', `/tasks/${program}/oracle-costs`, { cost_usd: costUsd });
  }

  /** The oldest executions of which the model is to say how sure it is. */
  async candidates(program: string): Promise<CandidateList['candidates']> {
    return (await this.#edge.request(candidateListSchema, 'GET', `/tasks/${program}/candidates`)).candidates;
  }

  /** Hands in what the model said of candidates. */
  rateCandidates(program: string, request: RateCandidatesRequest): Promise<CandidatesRated> {
    return this.#edge.request(candidatesRatedSchema, 'POST', `/tasks/${program}/candidates/ratings`, request);
  }

  /** Compares outputs as samples are compared, or as the request says. */
  validateBatch(request: BatchValidateRequest): Promise<BatchValidateResponse> {
    return this.#edge.request(batchValidateResponseSchema, 'POST', '/api/v1/batch/validate', request);
  }

  samples(
    program: string,
    { state, cursor, limit = PAGE }: { state?: SampleState | undefined; cursor?: string | null; limit?: number },
  ): Promise<SampleList> {
    const query = new URLSearchParams({
      limit: String(Math.min(limit, PAGE)),
      ...(state === undefined ? {} : { state }),
      ...(cursor === null || cursor === undefined ? {} : { cursor }),
    });
    return this.#edge.request(sampleListSchema, 'GET', `/tasks/${program}/samples?${query.toString()}`);
  }

  /** Everything that was answered of a version, the oldest first. */
  async *answered(program: string, version: number | null): AsyncGenerator<Sample> {
    let cursor: string | null = null;
    do {
      const page: SampleList = await this.samples(program, { state: 'answered', cursor });
      for (const sample of page.samples) if (sample.version === version) yield sample;
      cursor = page.next_cursor;
    } while (cursor !== null);
  }

  sample(program: string, sampleId: string): Promise<Sample> {
    return this.#edge.request(sampleSchema, 'GET', pathOf(program, sampleId));
  }

  async claim(program: string, by: string, sampleId?: string): Promise<Sample | null> {
    const body = { by, ...(sampleId === undefined ? {} : { sample_id: sampleId }) };
    return (await this.#edge.request(claimedSchema, 'POST', `/tasks/${program}/samples/claim`, body)).sample;
  }

  answer(
    program: string,
    sampleId: string,
    { by, answer, oracle, judged }: { by: string; answer: SampleAnswer; oracle?: OracleSaid; judged?: Judgement | undefined },
  ): Promise<Sample> {
    const body = { by, answer, ...(oracle === undefined ? {} : { oracle }), ...(judged === undefined ? {} : { judged }) };
    return this.#edge.request(sampleSchema, 'POST', `${pathOf(program, sampleId)}/answer`, body);
  }

  skip(program: string, sampleId: string, by: { readonly by: string; readonly cost_usd?: number }): Promise<Sample> {
    return this.#edge.request(sampleSchema, 'POST', `${pathOf(program, sampleId)}/skip`, by);
  }
}

function pathOf(program: string, sampleId: string): string {
  return `/tasks/${program}/samples/${encodeURIComponent(sampleId)}`;
}
