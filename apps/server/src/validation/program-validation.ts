import {
  type ArmFigures,
  type Clock,
  type CompareProgramsRequest,
  type CompareProgramsResponse,
  type ImproveResponse,
  NO_FIGURES,
  PlatformError,
  type RangeAnalytics,
  type Recommendations,
  type ValidationStatistics,
  type ValidationSummary,
  isoTime,
} from '@loopwright/protocol';
import type { ProgramReferences, ProgramVersion } from '../programs/program-references.ts';
import { addCounts } from '../rollouts/add-figures.ts';
import { NO_ROLLOUT_EVIDENCE } from '../rollouts/rollout-state.ts';
import type { Rollouts } from '../rollouts/rollouts.ts';
import type { OpenWatching } from '../watching/open-watching.ts';
import { type ComparedEvidence, comparePrograms, metricsOf } from './compare-programs.ts';
import { ErrorCounts, recommend } from './recommend.ts';

/** Answered samples that are looked through for common errors. */
const SAMPLES_READ = 5000;
const HOUR_MS = 3_600_000;

/** What {@link ProgramValidation} works with. */
export interface ProgramValidationParts {
  readonly references: ProgramReferences;
  readonly rollouts: Rollouts;
  readonly watching: Pick<OpenWatching, 'edge' | 'repairs'>;
  readonly clock: Clock;
}

/** What validations say of a version, as the source's later API has it (`reference/domain.md` §3.5). */
export class ProgramValidation {
  readonly #parts: ProgramValidationParts;

  constructor(parts: ProgramValidationParts) {
    this.#parts = parts;
  }

  /** Throws PROGRAM_NOT_FOUND, and what the edge throws. */
  async summary(reference: string): Promise<ValidationStatistics> {
    const { references, watching } = this.#parts;
    const found = await references.get(reference);
    const counts = ofVersion(await watching.edge.validation(found.name), found);
    const { total, matched, share, low, high } = counts?.all ?? { total: 0, matched: 0, share: null, low: 0, high: 1 };
    return {
      ...named(found),
      total_validations: total,
      valid_count: matched,
      invalid_count: total - matched,
      average_score: counts?.average_score ?? null,
      validation_rate: share,
      interval: share === null ? null : { low, high },
      estimated_rate: counts?.estimate.share ?? null,
    };
  }

  /** Throws PROGRAM_NOT_FOUND, and what the edge throws. */
  async recommendations(reference: string): Promise<Recommendations> {
    const { references, watching } = this.#parts;
    const { edge, repairs } = watching;
    const found = await references.get(reference);
    const summary = await edge.validation(found.name);
    const errors = new ErrorCounts();
    let read = 0;
    for await (const sample of edge.answered(found.name, found.version)) {
      errors.add(sample);
      read += 1;
      if (read >= SAMPLES_READ) break;
    }
    const known = { counts: ofVersion(summary, found), errors, open: summary.samples.open };
    return { ...named(found), ...recommend({ ...known, waitingFor: await repairs.waitingFor(found.name) }) };
  }

  /** Begins to make a program again. Throws PROGRAM_NOT_FOUND, REPAIR_IN_PROGRESS, INVALID_STATE with what is missing, and what the edge throws. */
  async improve(reference: string, by: { readonly userId: string; readonly reason: string | null }): Promise<ImproveResponse> {
    const { references, watching } = this.#parts;
    const { name, version } = await references.get(reference);
    const { repairId, labelled, count } = await watching.repairs.open(name, version, by);
    return {
      success: true,
      repair_id: repairId,
      execution_id: repairId,
      new_program_id: null,
      new_version: null,
      changes_applied: [
        `${labelled} labelled input(s) were added to the examples; where both knew an input, the label counts`,
        `${count} of them are counter-examples`,
      ],
    };
  }

  /** Throws PROGRAM_NOT_FOUND, VALIDATION_ERROR when both are not two versions of one program, and what the edge throws. */
  async compare({ configuration, ...request }: CompareProgramsRequest): Promise<CompareProgramsResponse> {
    const { references, rollouts, clock } = this.#parts;
    const control = await references.get(request.control_program_id);
    const treatment = await references.find(request.treatment_program_id);
    if (treatment?.name !== control.name || treatment.version === control.version)
      throw new PlatformError('VALIDATION_ERROR', `Cannot compare: the treatment is no other version of "${control.name}"`, {
        details: {
          issues: [{ pointer: '/body/treatment_program_id', message: `is no other version of "${control.name}"` }],
        },
      });
    const pair = { incumbent: control.version, candidate: treatment.version };
    const tried = (await rollouts.evidence(control.name, pair)) ?? (await this.#reversed(control.name, pair));
    const compared: ComparedEvidence =
      tried === undefined
        ? await this.#history(control.name, pair, configuration.test_duration_hours)
        : { evidence: tried.evidence, forMs: tried.to - tried.from };
    const { totals } = compared.evidence;
    return {
      task_id: control.name,
      control_metrics: metricsOf(totals.incumbent, control),
      treatment_metrics: metricsOf(totals.candidate, treatment),
      ...comparePrograms(compared, configuration),
      source: tried === undefined ? 'history' : 'rollout',
      rollout_id: tried?.rolloutId ?? null,
      compared_at: isoTime(clock.now()),
    };
  }

  /** A canary in which the control was the candidate, seen from the other side. */
  async #reversed(
    name: string,
    { incumbent, candidate }: { readonly incumbent: number; readonly candidate: number },
  ): ReturnType<Rollouts['evidence']> {
    const tried = await this.#parts.rollouts.evidence(name, { incumbent: candidate, candidate: incumbent });
    if (tried === undefined) return undefined;
    const { totals, tests, better, ...rest } = tried.evidence;
    const swapped = { candidate: totals.incumbent, incumbent: totals.candidate };
    return { ...tried, evidence: { ...rest, totals: swapped, tests: better, better: tests } };
  }

  /** What two versions did that never shared the requests: their figures of the last days, and all their validations. */
  async #history(
    name: string,
    pair: { readonly incumbent: number; readonly candidate: number },
    hours: number,
  ): Promise<ComparedEvidence> {
    const { watching, clock } = this.#parts;
    const from = isoTime(clock.now() - hours * HOUR_MS).slice(0, 10);
    const figures = await watching.edge.figures(name, { from });
    const summary = await watching.edge.validation(name);
    const arm = (version: number): ArmFigures => armOf(version, { figures, summary });
    const [candidate, incumbent] = [arm(pair.candidate), arm(pair.incumbent)];
    const { tests, better } = NO_ROLLOUT_EVIDENCE;
    const evidence = {
      totals: { candidate, incumbent },
      tests: addCounts(tests, candidate, incumbent),
      better: addCounts(better, incumbent, candidate),
    };
    return { evidence, forMs: null };
  }
}

/** Nobody knows which of these requests were slow beside the other version: latency is an average only. */
function armOf(
  version: number,
  { figures, summary }: { readonly figures: RangeAnalytics; readonly summary: ValidationSummary },
): ArmFigures {
  const did = figures.by_version[String(version)];
  const all = summary.versions.find((one) => one.version === version)?.all;
  return {
    ...NO_FIGURES,
    requests: did?.total_executions ?? 0,
    failures: did?.failed_executions ?? 0,
    answered: did?.successful_executions ?? 0,
    latency_sum_ms: (did?.avg_latency_ms ?? 0) * (did?.successful_executions ?? 0),
    validated: all?.total ?? 0,
    mismatched: (all?.total ?? 0) - (all?.matched ?? 0),
  };
}

function ofVersion(
  { versions }: ValidationSummary,
  { version }: ProgramVersion,
): ValidationSummary['versions'][number] | undefined {
  return versions.find((one) => one.version === version);
}

function named({ id, name, version }: ProgramVersion): Pick<ValidationStatistics, 'program_id' | 'task_id' | 'version'> {
  return { program_id: id, task_id: name, version };
}
