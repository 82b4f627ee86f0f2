import type { MetricsSummary } from '@loopwright/protocol';
import type { StoredRun } from '../run-store.ts';
import { secondsOf, totalSeconds, usageIn } from '../phase-figures.ts';
import { costsOf, merged, tokensOf } from '../state/agent-usage.ts';
import type { RecordedUsage } from '../state/recorded-usage.ts';
import { compareCosts } from './compare-costs.ts';
import type { PastRuns } from './past-runs.ts';
import { isOver, phaseCost } from './phase-cost.ts';
import { projectCost, projectTime } from './projections.ts';
import type { PhaseGovernance, RunQuality } from './quality.ts';
import { usageView } from './usage-view.ts';

/** What the metrics of a run are made from. */
export interface MetricsSources {
  readonly stored: StoredRun;
  /** How many artifacts each phase has. */
  readonly counts: ReadonlyMap<string, number>;
  readonly quality: RunQuality;
  readonly past: PastRuns;
  readonly now: number;
}

/** The metrics of a run: what was measured, and for what was not, why. */
export function runMetrics({ stored: { run, phases }, counts, quality, past, now }: MetricsSources): MetricsSummary {
  const reasons: Record<string, string> = {};
  const known = <T>(name: string, value: T | null, reason: string): T | null => {
    if (value === null) reasons[name] = reason;
    return value;
  };
  const all = phases.flatMap(usageIn);
  const remaining = phases.filter(({ status }) => status === 'pending' || status === 'in_progress');
  const plan = { isOver: isOver(run), past };
  return {
    run_id: run.run_id,
    total_duration_seconds: known('total_duration_seconds', totalSeconds(phases), 'no phase has ended'),
    total_token_usage: known('total_token_usage', tokensOf(all), tokenReason(all)),
    total_cost_usd: known('total_cost_usd', costsOf(all), costReason(all)),
    phases_metrics: phases.map((phase) => {
      const used = usageIn(phase);
      const governance: PhaseGovernance | undefined = quality.phases.get(phase.phase);
      const named = (metric: string): string => `${phase.phase}.${metric}`;
      return {
        phase: phase.phase,
        duration_seconds: known(named('duration_seconds'), secondsOf(phase), `the phase is ${phase.status}`),
        token_usage: known(named('token_usage'), tokensOf(used), tokenReason(used)),
        cost_usd: known(named('cost_usd'), costsOf(used), costReason(used)),
        agents_executed: [...new Set(used.map(({ agent }) => agent))],
        artifacts_generated: counts.get(phase.phase) ?? 0,
        governance_passed: known(named('governance_passed'), governance?.passed ?? null, 'no gate was evaluated'),
        governance_warnings: [...(governance?.warnings ?? [])],
        cost: phaseCost(phase, plan),
        per_agent: used.map(usageView),
      };
    }),
    governance_score: known('governance_score', quality.governance.score, quality.governance.reason ?? 'no gate was evaluated'),
    hygiene_score: known('hygiene_score', quality.hygiene.score, quality.hygiene.reason ?? 'the workspace was not examined'),
    artifacts_total: [...counts.values()].reduce((sum, count) => sum + count, 0),
    errors_count: phases.filter(({ error }) => error !== null).length,
    per_agent: merged(all).map(usageView),
    cost: compareCosts(all),
    cost_projection: projectCost(plan.isOver ? [] : remaining, past),
    time_to_completion: projectTime(plan.isOver ? [] : remaining, past, now),
    not_measured: reasons,
  };
}

function tokenReason(used: readonly RecordedUsage[]): string {
  const silent = used.find(({ token_usage }) => token_usage === null);
  return silent === undefined ? 'no step reported what it used' : `"${silent.agent}" did not report its tokens in and out`;
}

function costReason(used: readonly RecordedUsage[]): string {
  const unknown = used.find(({ cost_usd }) => cost_usd === null);
  if (unknown === undefined) return 'no step reported what it used';
  return `what "${unknown.agent}" cost with the model "${unknown.model ?? 'unknown'}" is not known`;
}
