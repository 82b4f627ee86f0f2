import {
  type BatchValidateRequest,
  type BatchValidateResponse,
  type Clock,
  PlatformError,
  type Sample,
  type SampleAnswer,
  type ValidationSummary,
  canonicalJson,
} from '@loopwright/protocol';
import type { ResourceProjects } from '../authorization/resource-projects.ts';
import type { EdgeWatching, Judgement } from './edge-watching.ts';
import type { ModelOracle } from './model-oracle.ts';

/** Pairs of outputs that the model judges for one request. */
const JUDGED_AT_ONCE = 50;

/** What {@link MeaningJudge} works with. */
export interface MeaningJudgeParts {
  readonly edge: EdgeWatching;
  readonly oracle: ModelOracle;
  readonly resources: ResourceProjects;
  readonly clock: Clock;
}

type Result = BatchValidateResponse['results'][number];

/** Compares outputs by their meaning, with the model that is set and within the budget of the program's oracle. */
export class MeaningJudge {
  readonly #parts: MeaningJudgeParts;

  constructor(parts: MeaningJudgeParts) {
    this.#parts = parts;
  }

  /**
   * What the model says of an answer beside the output; nothing where meanings do not count, or both are the same. Throws what the model throws,
   * ORACLE_BUDGET_REACHED, and AGENT_FAILED for an answer that is none.
   */
  async judge(sample: Sample, { output: right }: SampleAnswer): Promise<Judgement | undefined> {
    const { edge, oracle } = this.#parts;
    const { task_id: program, sample_id: id, input_data: input, output_data: given } = sample;
    if (right === undefined || canonicalJson(right) === canonicalJson(given)) return undefined;
    const { budget, comparison } = await edge.validation(program);
    if (comparison.method !== 'semantic') return undefined;
    return oracle.judge({ input, given, right }, { id, ...(await this.#paying(program, budget)) });
  }

  /** Compares outputs with the right ones: by their meaning, or on the edge where something else counts. Throws as {@link judge}; LIMIT_EXCEEDED. */
  async validate(request: BatchValidateRequest): Promise<BatchValidateResponse> {
    const { edge, oracle, clock } = this.#parts;
    const { task_id: program } = request;
    const { budget, comparison } = await edge.validation(program);
    const method = request.comparison_method ?? comparison.method;
    if (method !== 'semantic') return edge.validateBatch({ ...request, comparison_method: method });
    const start = clock.now();
    oracle.requireModel();
    // What is the same needs nobody's judgement.
    const exact = await edge.validateBatch({ ...request, comparison_method: 'exact' });
    const different = exact.results.filter(({ is_valid: isValid }) => !isValid).length;
    if (different > JUDGED_AT_ONCE)
      throw new PlatformError(
        'LIMIT_EXCEEDED',
        `Cannot compare by meaning: ${different} outputs differ, and the model is asked about ${JUDGED_AT_ONCE} at a time`,
        { details: { limit: 'items that differ', maximum: JUDGED_AT_ONCE } },
      );
    const paying = await this.#paying(program, budget);
    const results: Result[] = [];
    for (const [index, result] of exact.results.entries()) {
      const item = request.items[index];
      results.push(result.is_valid || item === undefined ? result : await this.#judged(item, result, paying));
    }
    const valid = results.filter(({ is_valid: isValid }) => isValid).length;
    return {
      ...exact,
      comparison_method: method,
      valid_count: valid,
      invalid_count: results.length - valid,
      accuracy_rate: valid / results.length,
      results,
      total_duration_ms: clock.now() - start,
    };
  }

  async #judged(item: BatchValidateRequest['items'][number], { error_type }: Result, paying: Paying): Promise<Result> {
    const { id, input, output: given, expected_output: right } = item;
    const { edge, oracle } = this.#parts;
    const judgement = await oracle.judge({ input, given, right }, { id: `batch/${id}`, ...paying });
    const { match, similarity, cost_usd: cost } = judgement;
    await edge.spend(paying.program, cost);
    const message = match ? 'The output means what is right' : `The output does not mean what is right (${String(error_type)})`;
    return { id, is_valid: match, message, error_type: match ? null : error_type, confidence_score: similarity };
  }

  /** Whose budget pays. Throws ORACLE_BUDGET_REACHED. */
  async #paying(program: string, budget: ValidationSummary['budget']): Promise<Paying> {
    if (budget.exhausted)
      throw new PlatformError(
        'ORACLE_BUDGET_REACHED',
        `Cannot ask the model about "${program}": its oracle has cost ${budget.spent_usd} of ${String(budget.limit_usd)} US dollars on ${budget.day}`,
        { details: { ...budget } },
      );
    const projectId = await this.#parts.resources.projectOfProgram(program);
    return { program, hasLimit: budget.limit_usd !== null, projectId };
  }
}

interface Paying {
  readonly program: string;
  readonly hasLimit: boolean;
  readonly projectId: string;
}
