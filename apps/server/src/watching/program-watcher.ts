import {
  type Clock,
  PlatformError,
  type Sample,
  type SampleAnswer,
  type ValidationSummary,
  messageOf,
} from '@loopwright/protocol';
import type { ProgramStore } from '@loopwright/edge';
import type { ResourceProjects } from '../authorization/resource-projects.ts';
import type { ConfidenceJudge } from './confidence-judge.ts';
import type { EdgeWatching } from './edge-watching.ts';
import type { Incidents } from './incidents.ts';
import type { MeaningJudge } from './meaning-judge.ts';
import type { ModelOracle } from './model-oracle.ts';
import type { Repairs } from './repairs.ts';

/** Samples of a program that the model is asked about in one round. */
const SAMPLES = 20;

/** What {@link ProgramWatcher} works with. */
export interface ProgramWatcherParts {
  readonly programs: ProgramStore;
  readonly edge: EdgeWatching;
  readonly repairs: Repairs;
  readonly incidents: Incidents;
  readonly oracle: ModelOracle;
  readonly meaning: MeaningJudge;
  readonly confidence: ConfidenceJudge;
  readonly resources: ResourceProjects;
  readonly clock: Clock;
  /** Milliseconds between two rounds; `null`: none is made. */
  readonly intervalMs: number | null;
  readonly log: (message: string) => void;
}

/** Looks at all programs again and again: tells what went wrong, opens and follows repairs, and asks the model where it is the oracle, or says how sure it is. */
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
        await this.#askConfidence(program, summary);
        await this.#askModel(program, summary);
      });
    }
  }

  /** Asks the model about one sample. Throws SAMPLE_TAKEN, SAMPLE_NOT_FOUND, ORACLE_BUDGET_REACHED, AGENT_FAILED for an answer that is none, and what the model throws. */
  async ask(program: string, sampleId: string): Promise<Sample> {
    const { edge, oracle, meaning, programs, resources } = this.#parts;
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
    const judged = await meaning.judge(sample, { output }).catch(async (error: unknown) => {
      // What was paid for counts, and nobody else waits for what cannot be judged.
      const cost = error instanceof PlatformError ? Number(error.details?.['cost_usd'] ?? 0) : 0;
      await edge.skip(program, sampleId, { by: 'model', cost_usd: said.cost_usd + cost });
      throw error;
    });
    return edge.answer(program, sampleId, { by: 'model', answer: { output }, oracle: said, judged });
  }

  /** Takes the answer of a person; where outputs are compared by their meaning, the model says first whether both mean the same. Throws as {@link ask}. */
  async answer(program: string, sampleId: string, { by, answer }: { by: string; answer: SampleAnswer }): Promise<Sample> {
    const { edge, meaning } = this.#parts;
    const sample = await edge.sample(program, sampleId);
    const isNew = sample.state === 'open' || (sample.state === 'claimed' && sample.claimed_by === by);
    const judged = isNew ? await meaning.judge(sample, answer) : undefined;
    return edge.answer(program, sampleId, { by, answer, judged });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    this.#stopTimer();
    await this.#round;
  }

  /** Before the oracle is asked: what becomes a sample is asked about in the same round. */
  async #askConfidence(program: string, { confidence_by: by, candidates, budget }: ValidationSummary): Promise<void> {
    if (by === 'model' && candidates > 0 && !budget.exhausted) await this.#parts.confidence.rate(program);
  }

  async #askModel(program: string, { oracle, budget, samples, candidates }: ValidationSummary): Promise<void> {
    const { edge } = this.#parts;
    if (oracle !== 'model' || budget.exhausted || samples.open + candidates === 0) return;
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
