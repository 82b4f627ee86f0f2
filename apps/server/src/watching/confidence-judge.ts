import { type CandidatesRated, PlatformError } from '@loopwright/protocol';
import type { ProgramStore } from '@loopwright/edge';
import type { ResourceProjects } from '../authorization/resource-projects.ts';
import type { EdgeWatching } from './edge-watching.ts';
import type { ModelOracle } from './model-oracle.ts';

/** What {@link ConfidenceJudge} works with. */
export interface ConfidenceJudgeParts {
  readonly programs: ProgramStore;
  readonly edge: EdgeWatching;
  readonly oracle: ModelOracle;
  readonly resources: ResourceProjects;
}

/** Has the model say how sure it is of executions, so that `uncertainty` can sample programs that do not say it themselves. */
export class ConfidenceJudge {
  readonly #parts: ConfidenceJudgeParts;

  constructor(parts: ConfidenceJudgeParts) {
    this.#parts = parts;
  }

  /**
   * Asks once about the oldest candidates of a program; the edge makes samples of those of which the model is the least sure. Throws
   * PROVIDER_NOT_CONFIGURED, ORACLE_BUDGET_REACHED, and what the model throws.
   */
  async rate(program: string): Promise<CandidatesRated> {
    const { programs, edge, oracle, resources } = this.#parts;
    oracle.requireModel();
    const { budget } = await edge.validation(program);
    if (budget.exhausted)
      throw new PlatformError(
        'ORACLE_BUDGET_REACHED',
        `Cannot ask the model about "${program}": its oracle has cost ${budget.spent_usd} of ${String(budget.limit_usd)} US dollars on ${budget.day}`,
        { details: { ...budget } },
      );
    const candidates = await edge.candidates(program);
    const [first] = candidates;
    if (first === undefined) return { rated: 0, sampled: [], cost_usd: 0 };
    const { output_schema } = await programs.loadMetadata(program, first.version ?? (await programs.getActive(program)) ?? 1);
    const { confidences, costUsd } = await oracle.rate(candidates, {
      program,
      id: `confidence/${first.sample_id}`,
      hasLimit: budget.limit_usd !== null,
      projectId: await resources.projectOfProgram(program),
      output_schema,
    });
    const ratings = candidates.map(({ sample_id }, index) => ({ sample_id, confidence: confidences[index] ?? null }));
    return edge.rateCandidates(program, { ratings, cost_usd: costUsd });
  }
}
