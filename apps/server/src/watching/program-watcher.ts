import {
  type BatchValidateRequest,
  type BatchValidateResponse,
  type Clock,
  PlatformError,
  type Sample,
  type SampleAnswer,
  type ValidationSummary,
  canonicalJson,
  messageOf,
} from '@loopwright/protocol';
import type { ProgramStore } from '@loopwright/edge';
import type { ResourceProjects } from '../authorization/resource-projects.ts';
import type { EdgeWatching, Judgement } from './edge-watching.ts';
import type { Incidents } from './incidents.ts';
import type { ModelOracle } from './model-oracle.ts';
import type { Repairs } from './repairs.ts';

/** Samples of a program that the model is asked about in one round. */
const SAMPLES = 20;
/** Pairs of outputs that the model judges for one request. */
const JUDGED_AT_ONCE = 50;

/** What {@link ProgramWatcher} works with. */
export interface ProgramWatcherParts {
  readonly programs: ProgramStore;
  readonly edge: EdgeWatching;
  readonly repairs: Repairs;
  readonly incidents: Incidents;
  readonly oracle: ModelOracle;
  readonly resources: ResourceProjects;
  readonly clock: Clock;
  /** Milliseconds between two rounds; `null`: none is made. */
  readonly intervalMs: number | null;
  readonly log: (message: string) => void;
}

/** Looks at all programs again and again: tells what went wrong, opens and follows repairs, and asks the model where it is the oracle. */
export class ProgramWatcher implements AsyncDisposable {
  readonly #parts: ProgramWatcherParts;
  readonly #said = new Map<string, string>();
  #round: Promise<void> = Promise.resolve();
  #isStopped = false;
  #stopTimer: () => void = () => undefined;

  constructor(parts: ProgramWatcherParts) {
    this.#parts = parts;
  }

  /** Begins. */
  start(): void {
    const { intervalMs, clock } = this.#parts;
    if (intervalMs === null || this.#isStopped) return;
    this.#stopTimer = clock.schedule(intervalMs, () => {
      this.#round = this.round().finally(() => this.start());
    });
  }

  /** Looks at every program once. */
  async round(): Promise<void> {
    const { programs, edge, repairs, incidents } = this.#parts;
    await this.#reporting('repairs', () => repairs.follow());
    if (!edge.isThere) return;
    for (const program of await programs.programs()) {
      if (this.#isStopped) return;
      if ((await programs.getActive(program)) === null) continue;
      await this.#reporting(program, async () => {
        const summary = await edge.validation(program);
        await incidents.look(program, summary);
        await repairs.consider(program);
        await this.#askModel(program, summary);
      });
    }
  }

  /** Asks the model about one sample. Throws SAMPLE_TAKEN, SAMPLE_NOT_FOUND, ORACLE_BUDGET_REACHED, AGENT_FAILED for an answer that is none, and what the model throws. */
  async ask(program: string, sampleId: string): Promise<Sample> {
    const { edge, oracle, programs, resources } = this.#parts;
    oracle.requireModel();
    const { budget } = await edge.validation(program);
    const sample = await edge.claim(program, 'model', sampleId);
    if (sample === null) throw new PlatformError('SAMPLE_TAKEN', `Cannot ask about the sample "${sampleId}": it does not wait`);
    const version = sample.version ?? (await programs.getActive(program)) ?? 1;
    const metadata = await programs.loadMetadata(program, version);
    const { output, oracle: said } = await oracle.ask(sample, {
      metadata,
      hasLimit: budget.limit_usd !== null,
      projectId: await resources.projectOfProgram(program),
    });
    if (output === undefined) {
      await edge.skip(program, sampleId, { by: 'model', cost_usd: said.cost_usd });
      throw new PlatformError(
        'AGENT_FAILED',
        `Cannot validate the sample "${sampleId}": the answer of the model "${said.provider}/${String(said.model)}" is not {"output": …}`,
      );
    }
    const judged = await this.#judge(sample, { output }).catch(async (error: unknown) => {
      // What was paid for counts, and nobody else waits for what cannot be judged.
      const cost = error instanceof PlatformError ? Number(error.details?.['cost_usd'] ?? 0) : 0;
      await edge.skip(program, sampleId, { by: 'model', cost_usd: said.cost_usd + cost });
      throw error;
    });
    return edge.answer(program, sampleId, { by: 'model', answer: { output }, oracle: said, judged });
  }

  /** Takes the answer of a person; where outputs are compared by their meaning, the model says first whether both mean the same. Throws as {@link ask}. */
  async answer(program: string, sampleId: string, { by, answer }: { by: string; answer: SampleAnswer }): Promise<Sample> {
    const { edge } = this.#parts;
    const sample = await edge.sample(program, sampleId);
    const isNew = sample.state === 'open' || (sample.state === 'claimed' && sample.claimed_by === by);
    const judged = isNew ? await this.#judge(sample, answer) : undefined;
    return edge.answer(program, sampleId, { by, answer, judged });
  }

  /** Compares outputs with the right ones: by their meaning with the model, else on the edge. Throws as {@link ask}; LIMIT_EXCEEDED. */
  async validate(request: BatchValidateRequest): Promise<BatchValidateResponse> {
    const { edge, oracle, clock, resources } = this.#parts;
    const { task_id: program } = request;
    const { budget, comparison } = await edge.validation(program);
    const method = request.comparison_method ?? comparison.method;
    if (method !== 'semantic') return edge.validateBatch({ ...request, comparison_method: method });
    const start = clock.now();
    oracle.requireModel();
    // What is the same needs nobody's judgement.
    const exact = await edge.validateBatch({ ...request, comparison_method: 'exact' });
    const different = exact.results.filter(({ is_valid: isValid }) => !isValid);
    if (different.length > JUDGED_AT_ONCE)
      throw new PlatformError(
        'LIMIT_EXCEEDED',
        `Cannot compare by meaning: ${different.length} outputs differ, and the model is asked about ${JUDGED_AT_ONCE} at a time`,
        { details: { limit: 'items that differ', maximum: JUDGED_AT_ONCE } },
      );
    const projectId = await resources.projectOfProgram(program);
    const results: BatchValidateResponse['results'] = [];
    for (const [index, result] of exact.results.entries()) {
      const item = request.items[index];
      if (result.is_valid || item === undefined) results.push(result);
      else {
        const { input, output: given, expected_output: right } = item;
        const about = { program, id: `batch/${item.id}`, hasLimit: budget.limit_usd !== null, projectId };
        const { match, similarity } = await oracle.judge({ input, given, right }, about);
        const message = match
          ? 'The output means what is right'
          : `The output does not mean what is right (${String(result.error_type)})`;
        const error_type = match ? null : result.error_type;
        results.push({ id: item.id, is_valid: match, message, error_type, confidence_score: similarity });
      }
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

  /** What the model says of an answer beside the output; nothing where meanings do not count, or both are the same. */
  async #judge(sample: Sample, answer: SampleAnswer): Promise<Judgement | undefined> {
    const { edge, oracle, resources } = this.#parts;
    const { task_id: program, sample_id: id, input_data: input, output_data: given } = sample;
    const { output: right } = answer;
    if (right === undefined || canonicalJson(right) === canonicalJson(given)) return undefined;
    const { budget, comparison } = await edge.validation(program);
    if (comparison.method !== 'semantic') return undefined;
    const projectId = await resources.projectOfProgram(program);
    return oracle.judge({ input, given, right }, { program, id, hasLimit: budget.limit_usd !== null, projectId });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    this.#stopTimer();
    await this.#round;
  }

  async #askModel(program: string, { oracle, budget, samples }: ValidationSummary): Promise<void> {
    const { edge } = this.#parts;
    if (oracle !== 'model' || budget.exhausted || samples.open === 0) return;
    const open = await edge.samples(program, { state: 'open', limit: SAMPLES });
    for (const { sample_id: id } of open.samples) {
      if (this.#isStopped) return;
      await this.ask(program, id);
    }
  }

  /** The same trouble is told once. */
  async #reporting(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#said.delete(what);
    } catch (error) {
      const message = `Cannot watch "${what}": ${messageOf(error)}`;
      if (this.#said.get(what) !== message && !this.#isStopped) this.#parts.log(message);
      this.#said.set(what, message);
    }
  }
}
