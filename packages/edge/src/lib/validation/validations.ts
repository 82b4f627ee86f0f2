import {
  type Clock,
  type Json,
  PlatformError,
  type Sample,
  type SampleAnswer,
  type SampleList,
  type ValidationRecord,
  type ValidationSummary,
  canonicalJson,
  isoTime,
} from '@loopwright/protocol';
import type { Datasets } from '../dataset/datasets.ts';
import { compareOutputs } from './compare.ts';
import type { OracleAnswer } from './oracle.ts';
import type { NewSample, SampleQuery, SampleQueue } from './sample-queue.ts';
import type { ValidationCounts } from './validation-counts.ts';
import { type ValidationOptions, oracleOf } from './validation-options.ts';

/** What {@link Validations} works with. */
export interface ValidationParts {
  readonly queue: SampleQueue;
  readonly counts: ValidationCounts;
  readonly datasets: Datasets;
  readonly options: ValidationOptions;
  readonly clock: Clock;
  /** Told of each validation after it was recorded. */
  readonly onValidation: (sample: Sample, validation: ValidationRecord) => void;
}

/** Who answers, and through what. */
export interface Answering {
  /** Who is told to others as the one who answered. */
  readonly by: string;
  /** The oracle behind it; left out for a person. */
  readonly oracle?: Omit<OracleAnswer, 'output'> | undefined;
  /** What the model says of both outputs, where they are compared by their meaning. */
  readonly judged?: Judged | undefined;
}

/** Whether two outputs mean the same, and how alike they are, 0 to 1. */
interface Judged {
  readonly match: boolean;
  readonly similarity: number;
  /** What the judgement cost, in US dollars. */
  readonly cost_usd: number;
}

const DETAILS_CHARACTERS = 2000;

/** Samples and what oracles say of them. */
export class Validations {
  readonly #parts: ValidationParts;
  #options: ValidationOptions;
  /** One writing of a program at a time, so that nothing is written twice. */
  readonly #turns = new Map<string, Promise<void>>();

  constructor(parts: ValidationParts) {
    this.#parts = parts;
    this.#options = parts.options;
  }

  /** Answers that come from now on are compared and reckoned otherwise. */
  reconfigure(options: ValidationOptions): void {
    this.#options = options;
  }

  /** Puts a sample into the queue, unless the oracle may cost no more today. */
  add(sample: NewSample): void {
    if (!this.#parts.counts.budget(sample.taskId).exhausted) this.#parts.queue.add(sample);
  }

  /** Counts US dollars that were spent on a program for something else than a sample; gives what was spent today. */
  spend(taskId: string, costUsd: number): ValidationSummary['budget'] {
    this.#parts.counts.spend(taskId, costUsd);
    return this.#parts.counts.budget(taskId);
  }

  list(taskId: string, query: SampleQuery): SampleList {
    const { samples, next } = this.#parts.queue.list(taskId, query);
    return { samples, next_cursor: next === null ? null : String(next), ...this.#stateOf(taskId) };
  }

  /** One sample. Throws SAMPLE_NOT_FOUND. */
  get(taskId: string, sampleId: string): Sample {
    return this.#parts.queue.get(taskId, sampleId);
  }

  summary(
    taskId: string,
    sampling: Pick<ValidationSummary, 'strategy' | 'rate'>,
  ): Omit<ValidationSummary, 'confidence_by' | 'candidates'> {
    const { queue, counts } = this.#parts;
    const { comparison } = this.#options;
    return {
      task_id: taskId,
      ...sampling,
      ...this.#stateOf(taskId),
      comparison: { method: comparison.method, threshold: comparison.threshold },
      samples: queue.counts(taskId),
      versions: counts.versions(taskId),
    };
  }

  /** Gives somebody the oldest sample that waits, or the one that is named; `null` when none waits. Throws ORACLE_BUDGET_REACHED, SAMPLE_TAKEN, SAMPLE_NOT_FOUND. */
  claim(taskId: string, by: string, sampleId?: string): Sample | null {
    const budget = this.#parts.counts.budget(taskId);
    if (budget.exhausted)
      throw new PlatformError(
        'ORACLE_BUDGET_REACHED',
        `Cannot ask about "${taskId}": its oracle has cost ${budget.spent_usd} of ${String(budget.limit_usd)} US dollars on ${budget.day}`,
        { details: { ...budget } },
      );
    return this.#parts.queue.claim(taskId, by, sampleId) ?? null;
  }

  /** Ends a sample without an answer, which may have been paid for all the same. Throws SAMPLE_TAKEN, SAMPLE_NOT_FOUND. */
  skip(taskId: string, sampleId: string, by: string, costUsd = 0): Sample {
    const { queue, counts } = this.#parts;
    const before = queue.get(taskId, sampleId);
    if (before.state === 'skipped' && before.answered_by === by) return before;
    queue.requireFree(taskId, sampleId, by);
    queue.transact(() => {
      queue.close(sampleId, { state: 'skipped', by });
      counts.spend(taskId, costUsd);
    });
    return queue.get(taskId, sampleId);
  }

  /**
   * Takes the right answer to a sample; the validation is in the data set when this resolves. The same answer of the same person again changes nothing. What was
   * paid for is taken whatever the budget says. Throws SAMPLE_TAKEN, SAMPLE_NOT_FOUND, STORE_FAILED; PROVIDER_NOT_CONFIGURED where the meaning counts and nobody judged it.
   */
  async answer(taskId: string, sampleId: string, answer: SampleAnswer, { by, oracle, judged }: Answering): Promise<Sample> {
    const { queue, counts, onValidation } = this.#parts;
    const before = queue.get(taskId, sampleId);
    const output: Json = answer.correct === true ? before.output_data : (answer.output ?? null);
    if (!isSameAnswer(before, output, by)) {
      queue.requireFree(taskId, sampleId, by);
      const validation = this.#validationOf(before, {
        output,
        ...(oracle ?? { provider: 'human', model: by, costUsd: this.#options.answerCostUsd, latencyMs: null }),
        judged,
      });
      const { version, reason, slice } = before;
      queue.transact(() => {
        queue.close(sampleId, { state: 'answered', by, validation });
        const { match, oracle_cost: costUsd, similarity_score: similarity } = validation;
        counts.add(taskId, { version, reason, slice, match, similarity: similarity ?? (match ? 1 : 0), costUsd });
      });
      onValidation(before, validation);
    }
    // Also for an answer that comes again: what came first may still be on its way.
    await this.#settle(taskId);
    return queue.get(taskId, sampleId);
  }

  /** Writes validations of a program to its data set that a crash kept from it. Call it before anything is answered: what is answered waits for it. */
  recover(taskId: string): Promise<void> {
    return this.#inTurn(taskId, async () => {
      await this.#noteLogged(taskId);
      await this.#writeUnlogged(taskId);
    });
  }

  #settle(taskId: string): Promise<void> {
    return this.#inTurn(taskId, () => this.#writeUnlogged(taskId));
  }

  #inTurn(taskId: string, work: () => Promise<void>): Promise<void> {
    const before = this.#turns.get(taskId) ?? Promise.resolve();
    const turn = before.catch(() => undefined).then(work);
    this.#turns.set(taskId, turn);
    return turn;
  }

  /** Finds out which validations the data set has although nobody took note of it. */
  async #noteLogged(taskId: string): Promise<void> {
    const { queue, datasets } = this.#parts;
    const waiting = queue
      .unlogged(taskId)
      .flatMap(({ sample_id: id, validation }) => (validation === null ? [] : [{ id, validation }]));
    if (waiting.length === 0) return;
    const log = await datasets.of(taskId);
    const known = new Set<string>();
    for (const day of new Set(waiting.map(({ validation }) => datasets.dayOf(validation.validated_at))))
      for await (const { id } of log.readValidations(day)) known.add(id);
    for (const { id, validation } of waiting) if (known.has(validation.id)) queue.logged(id);
  }

  async #writeUnlogged(taskId: string): Promise<void> {
    const { queue, datasets } = this.#parts;
    const waiting = queue.unlogged(taskId);
    if (waiting.length === 0) return;
    const log = await datasets.of(taskId);
    for (const { sample_id, validation } of waiting) {
      if (validation !== null) await log.appendValidation(validation);
      queue.logged(sample_id);
    }
  }

  #stateOf(taskId: string): Pick<SampleList, 'oracle' | 'budget'> {
    return { oracle: oracleOf(this.#options, taskId), budget: this.#parts.counts.budget(taskId) };
  }

  #validationOf(sample: Sample, answer: OracleAnswer & Pick<Answering, 'judged'>): ValidationRecord {
    const { comparison } = this.#options;
    const compared = compareOutputs(sample.output_data, answer.output, comparison);
    if (comparison.method === 'semantic' && !compared.match && answer.judged === undefined)
      throw new PlatformError(
        'PROVIDER_NOT_CONFIGURED',
        `Cannot compare the sample "${sample.sample_id}" by its meaning: no model has judged it`,
      );
    const isJudged = comparison.method === 'semantic' && !compared.match;
    const { match, similarity, fields } = { ...compared, ...(isJudged ? answer.judged : {}) };
    const details = fields.length === 0 ? 'The output is not the right one' : `These fields are not right: ${fields.join(', ')}`;
    return {
      // One for each sample, so that it is known again after a crash.
      id: `validation-${sample.sample_id}`,
      execution_id: sample.sample_id,
      program_id: sample.program_id,
      oracle_output: answer.output,
      oracle_provider: answer.provider,
      oracle_model: answer.model,
      oracle_cost: answer.costUsd + (answer.judged?.cost_usd ?? 0),
      oracle_latency_ms: answer.latencyMs,
      match,
      similarity_score: similarity,
      comparison_method: comparison.method,
      failure_type: match ? null : sample.reason === 'edge_case' ? 'edge_case' : 'logic_error',
      failure_category: match ? null : sample.slice,
      failure_details: match ? null : details.slice(0, DETAILS_CHARACTERS),
      tier1_passed: null,
      tier2_passed: null,
      tier3_passed: null,
      sample_reason: sample.reason,
      validated_at: isoTime(this.#parts.clock.now()),
    };
  }
}

function isSameAnswer({ state, answered_by, validation }: Sample, output: Json, by: string): boolean {
  return (
    state === 'answered' &&
    answered_by === by &&
    validation !== null &&
    canonicalJson(validation.oracle_output) === canonicalJson(output)
  );
}
