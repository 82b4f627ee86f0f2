import type { MetricsSummary, Projection, RunDetail } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { countText, dollarText, durationText, percentText } from '../../shared/time/format.ts';
import { Badge } from '../../shared/ui/badge.tsx';
import { phaseTitle } from '../../shared/ui/phase-title.ts';
import { ErrorState, Loading, Stat } from '../../shared/ui/states.tsx';
import '../../shared/ui/table.css';
import { metricsQuery } from './run-queries.ts';

/** What was measured; what was not says why. */
export function MetricsPanel({ run }: { run: RunDetail }): ReactElement {
  const { data, error, refetch } = useQuery(metricsQuery(run.run_id));
  if (data === undefined)
    return error === null ? <Loading label="Loading the metrics" /> : <ErrorState error={error} retry={() => void refetch()} />;
  const { not_measured: why, total_token_usage: tokens } = data;
  return (
    <div className="stack">
      <dl className="stats">
        <Stat
          label="Total cost"
          value={data.total_cost_usd === null ? null : dollarText(data.total_cost_usd)}
          reason={why['total_cost_usd']}
        />
        <Stat label="Tokens in" value={tokens === null ? null : countText(tokens.input)} reason={why['total_token_usage']} />
        <Stat label="Tokens out" value={tokens === null ? null : countText(tokens.output)} reason={why['total_token_usage']} />
        <Stat
          label="Governance"
          value={data.governance_score === null ? null : percentText(data.governance_score)}
          reason={why['governance_score']}
        />
        <Stat
          label="Hygiene"
          value={data.hygiene_score === null ? null : percentText(data.hygiene_score)}
          reason={why['hygiene_score']}
        />
        <Stat
          label="Duration"
          value={data.total_duration_seconds === null ? null : durationText(data.total_duration_seconds)}
          reason={why['total_duration_seconds']}
        />
        <Stat label="Artifacts" value={countText(data.artifacts_total)} />
        <Stat label="Errors" value={countText(data.errors_count)} />
        <Stat
          label="Cost still to come"
          value={projected(data.cost_projection, dollarText)}
          reason={data.cost_projection.reason ?? undefined}
        />
        <Stat
          label="Time to completion"
          value={projected(data.time_to_completion, durationText)}
          reason={data.time_to_completion.reason ?? undefined}
        />
      </dl>
      <PhaseTable metrics={data} />
      {isWhole(data) ? null : <p className="muted">– is not measured: {reason(data)}</p>}
    </div>
  );
}

function projected({ median, low, high, runs }: Projection, text: (value: number) => string): string | null {
  if (median === null) return null;
  const range = low === null || high === null ? '' : ` (${text(low)} to ${text(high)})`;
  return `${text(median)}${range}, from ${runs} runs`;
}

function PhaseTable({ metrics }: { metrics: MetricsSummary }): ReactElement {
  return (
    // Keyboards scroll what has the focus.
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Metrics by phase">
      <table className="table">
        <caption className="visually-hidden">Metrics by phase</caption>
        <thead>
          <tr>
            {['Phase', 'Duration', 'Tokens in', 'Tokens out', 'Cost', 'Agents', 'Artifacts', 'Governance'].map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {metrics.phases_metrics.map((phase) => (
            <tr key={phase.phase}>
              <th scope="row">{phaseTitle(phase.phase)}</th>
              <td className="numeric">
                {phase.duration_seconds === null ? <NotMeasured /> : durationText(phase.duration_seconds)}
              </td>
              <td className="numeric">{phase.token_usage === null ? <NotMeasured /> : countText(phase.token_usage.input)}</td>
              <td className="numeric">{phase.token_usage === null ? <NotMeasured /> : countText(phase.token_usage.output)}</td>
              <td className="numeric">{phase.cost_usd === null ? <NotMeasured /> : dollarText(phase.cost_usd)}</td>
              <td>{phase.agents_executed.join(', ') || '–'}</td>
              <td className="numeric">{phase.artifacts_generated}</td>
              <td>
                <Governance passed={phase.governance_passed} warnings={phase.governance_warnings} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Whether every phase has its tokens and its cost. */
function isWhole({ phases_metrics: phases }: MetricsSummary): boolean {
  return phases.every(({ token_usage, cost_usd }) => token_usage !== null && cost_usd !== null);
}

/** Why some phases have no figures, as far as it is known of the whole run. */
function reason({ not_measured: why }: MetricsSummary): string {
  return why['total_token_usage'] ?? why['total_cost_usd'] ?? 'no step of the phase reported what it used';
}

/** In a cell, where the reason has no room: it stands below the table. */
function NotMeasured(): ReactElement {
  return (
    <span className="muted">
      <span aria-hidden="true">–</span>
      <span className="visually-hidden">not measured</span>
    </span>
  );
}

function Governance({ passed, warnings }: { passed: boolean | null; warnings: readonly string[] }): ReactElement {
  return (
    <div className="stack">
      {passed === null ? (
        <span className="muted">Not measured</span>
      ) : (
        <Badge tone={passed ? 'good' : 'danger'}>{passed ? 'Passed' : 'Blocked'}</Badge>
      )}
      {warnings.map((warning) => (
        <span key={warning} className="muted">
          {warning}
        </span>
      ))}
    </div>
  );
}
