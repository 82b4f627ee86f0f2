import { join } from 'node:path';
import type { StoreReader } from '@loopwright/engine';
import type { Sandbox } from '@loopwright/edge';
import {
  type Clock,
  type GovernanceResults,
  type Hygiene,
  PlatformError,
  type Random,
  type RunGovernance,
  governanceResultsSchema,
} from '@loopwright/protocol';
import type { QualitySource, RunQuality, WarningCounts } from '../runs/metrics/quality.ts';
import type { Workspaces } from '../runs/workspace/workspaces.ts';
import { type Assessed, assessWorkspace } from './assess-workspace.ts';
import { evidenceOfExecution } from './evidence/evidence-of-execution.ts';
import { gateIdsOf } from './gates/gate-ids.ts';
import { gatesOf } from './gates/evaluate-gates.ts';
import { governanceScore } from './governance-score.ts';
import { type GovernanceStore, checkView, lastOfEachPhase } from './governance-store.ts';
import type { EffectivePolicy } from './policy/merge-policies.ts';
import type { PolicyDocument } from './policy/policy-document.ts';
import type { PolicyFolder } from './policy/policy-folder.ts';
import { Turns } from './turns.ts';

/** What governance works with. */
export interface GovernanceParts {
  readonly policies: PolicyFolder;
  readonly store: GovernanceStore;
  readonly workspaces: Workspaces;
  /** Opened with the first test that is run. */
  readonly sandbox: () => Promise<Sandbox>;
  readonly clock: Clock;
  readonly random: Random;
}

/** What is checked. */
export interface CheckRequest {
  readonly executionId: string;
  readonly phase: string;
  /** Gates besides those that the policy names for the phase. */
  readonly gates: readonly string[];
  readonly policy: EffectivePolicy;
  readonly signal?: AbortSignal;
}

/** Policies, gates and what they said. */
export class Governance {
  readonly #parts: GovernanceParts;
  /** A survey is a process of its own, and takes a core as long as it lasts. */
  readonly #turns = new Turns({ atOnce: 2, waiting: 500 });

  constructor(parts: GovernanceParts) {
    this.#parts = parts;
  }

  /** The layers of policies that the server has. */
  get policies(): PolicyFolder {
    return this.#parts.policies;
  }

  /** Takes what has changed in the policies; see {@link PolicyFolder.refresh}. Call it before a gate. */
  refreshPolicies(): Promise<void> {
    return this.#parts.policies.refresh();
  }

  /** What was recorded of checks. */
  get store(): GovernanceStore {
    return this.#parts.store;
  }

  /** The policy of a project, with the layer of a run below it. Throws INVALID_POLICY. */
  policyOf(projectId: string, run?: PolicyDocument): EffectivePolicy {
    return this.#parts.policies.effective(projectId, run);
  }

  /** The gates of a phase. Throws VALIDATION_ERROR for one that there is not. */
  gatesOf({ policy, phase, gates }: Pick<CheckRequest, 'policy' | 'phase' | 'gates'>): string[] {
    const known = gateIdsOf(policy.customGates);
    const unknown = gates.find((id) => !known.includes(id));
    if (unknown === undefined) return gatesOf(policy, phase, gates);
    throw new PlatformError('VALIDATION_ERROR', `Cannot check the phase: there is no gate "${unknown}"`, {
      details: { gate: unknown, known: [...known] },
    });
  }

  /** Looks at the workspace of an execution and evaluates the gates of a phase; records nothing. Throws as {@link assessWorkspace} and {@link gatesOf} do, and OVERLOADED. */
  async assess(request: CheckRequest, read: StoreReader): Promise<Assessed> {
    const { workspaces, sandbox, clock, random } = this.#parts;
    const { dir } = await workspaces.ofExecution(request.executionId);
    const gates = this.gatesOf(request);
    const assess = (): Promise<Assessed> =>
      assessWorkspace(
        {
          root: join(dir, 'artifacts'),
          phase: request.phase,
          policy: request.policy,
          gates,
          evidence: evidenceOfExecution(read, request.executionId),
        },
        { clock, random, sandbox, ...(request.signal === undefined ? {} : { signal: request.signal }) },
      );
    return this.#turns.run(assess);
  }

  /** What the gates said of a run, phase by phase, and the policy that holds for it now. */
  async ofRun(run: { readonly run_id: string; readonly project_id: string }): Promise<RunGovernance> {
    const checks = lastOfEachPhase(await this.#parts.store.ofRun(run.run_id));
    const views = checks.map(checkView);
    const score = governanceScore(views.map(({ results }) => results));
    const last = checks.at(-1);
    return {
      run_id: run.run_id,
      governance_score: score,
      governance_score_reason: score === null ? 'no gate was evaluated' : null,
      checks: views,
      policy: last === undefined ? this.policyOf(run.project_id).view : JSON.parse(last.policy),
    };
  }

  /** How much the last check of each phase warned of or blocked, for lists of runs. */
  readonly warnings: WarningCounts = async (runIds) => {
    const counts = new Map<string, Map<string, number>>();
    if (runIds.length === 0) return new Map();
    for (const { run_id, phase, results } of await this.#parts.store.resultsOf(runIds)) {
      const parsed = results === null ? null : governanceResultsSchema.parse(JSON.parse(results));
      // A check that was skipped warns of that.
      const found = parsed === null ? 1 : parsed.quality_gates.filter(({ status }) => status !== 'passed').length;
      counts.set(run_id, (counts.get(run_id) ?? new Map<string, number>()).set(phase, found));
    }
    return new Map([...counts].map(([runId, phases]) => [runId, [...phases.values()].reduce((sum, count) => sum + count, 0)]));
  };

  /** The quality of a run for its metrics: the last check of each phase, and the hygiene of the last check. */
  readonly quality: QualitySource = async (runId): Promise<RunQuality> => {
    const checks = lastOfEachPhase(await this.#parts.store.ofRun(runId)).map(checkView);
    const score = governanceScore(checks.map(({ results }) => results));
    const hygiene = checks.findLast((check) => check.hygiene !== null)?.hygiene;
    return {
      phases: new Map(checks.map(({ phase, results, skipped_by }) => [phase, phaseQuality(results, skipped_by)])),
      governance: score === null ? { score, reason: 'no gate was evaluated' } : { score },
      hygiene: hygieneQuality(hygiene),
    };
  };
}

type PhaseQuality = RunQuality['phases'] extends ReadonlyMap<string, infer Quality> ? Quality : never;

function phaseQuality(results: GovernanceResults | null, skippedBy: string | null): PhaseQuality {
  if (results === null) return { passed: null, warnings: [`The gates were skipped by ${skippedBy ?? 'somebody'}`] };
  const noted = results.quality_gates.filter(({ status }) => status !== 'passed');
  return { passed: results.passed, warnings: noted.map(({ gate_id, message }) => `${gate_id}: ${message}`) };
}

function hygieneQuality(hygiene: Hygiene | null | undefined): RunQuality['hygiene'] {
  if (hygiene === null || hygiene === undefined) return { score: null, reason: 'the workspace was not examined' };
  const { score, reason } = hygiene;
  return score === null ? { score, reason: reason ?? 'nothing was measured' } : { score: Math.round(score * 10) / 1000 };
}
