import type { DailyAnalytics } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { serverUrl } from '../../../shared/api/api.ts';
import { countText, latencyText, percentText } from '../../../shared/time/format.ts';
import { Badge } from '../../../shared/ui/badge.tsx';
import { Copyable } from '../../../shared/ui/copyable.tsx';
import { ErrorState, Loading, Stat } from '../../../shared/ui/states.tsx';
import { DriftBadge } from '../drift/drift-badge.tsx';
import { healthOf } from '../health.ts';
import type { ProgramPanel } from '../program-page.tsx';
import { driftQuery, programPath, todayQuery, validationQuery } from '../program-queries.ts';
import { AliasCard } from './alias-card.tsx';

/** What answers now, how it does today, and what needs somebody. */
export function OverviewPanel({ program, select }: ProgramPanel): ReactElement {
  const isServed = program.active_version !== null && program.edge_url !== null;
  const today = useQuery({ ...todayQuery(program.name), enabled: program.edge_url !== null });
  const drift = useQuery({ ...driftQuery(program.name), enabled: isServed });
  const health = healthOf(program, today.data, drift.data);
  const isTrouble = health.tone === 'danger' || health.tone === 'warn';
  return (
    <div className="stack">
      {isTrouble ? <p className={`notice notice-${health.tone}`}>{health.why}.</p> : null}
      <AliasCard program={program} onRollout={() => select({ tab: 'rollout' })} />
      <section className="stack" aria-label="Today">
        <h2>Today</h2>
        <Today
          day={today.data}
          isPending={today.isPending && program.edge_url !== null}
          error={today.error}
          isEdgeAway={program.edge_url === null}
        />
      </section>
      <section className="stack" aria-label="Quality">
        <div className="row">
          <h2>Quality</h2>
          {drift.data === undefined ? null : <DriftBadge state={drift.data.state} />}
        </div>
        {drift.data !== undefined && drift.data.why === health.why ? null : (
          <p className="muted">{drift.data?.why ?? (isServed ? 'Not known yet.' : 'Not measured: the program is not served.')}</p>
        )}
        {program.edge_url === null ? null : <Waiting name={program.name} />}
      </section>
      <section className="card stack" aria-label="How to call it">
        <h2>Call it</h2>
        <Copyable text={`POST ${serverUrl(programPath(program.name, '/execute'))}`} label="the address of the program" />
        <p className="muted">
          With <code>{'{"input": …}'}</code> as JSON; the answer has <code>output</code> and <code>latency_ms</code>, its headers
          name the version. The{' '}
          <Link to="/programs/$name" params={{ name: program.name }} search={{ tab: 'playground' }} className="inline-link">
            playground
          </Link>{' '}
          does the same.
        </p>
      </section>
    </div>
  );
}

function Today({
  day,
  isPending,
  error,
  isEdgeAway,
}: {
  day: DailyAnalytics | undefined;
  isPending: boolean;
  error: unknown;
  isEdgeAway: boolean;
}): ReactElement {
  if (isEdgeAway) return <p className="muted">Not measured: the edge runtime is not running.</p>;
  if (isPending) return <Loading label="Loading the figures of today" lines={2} />;
  if (day === undefined) return <ErrorState error={error} />;
  const none = day.total_executions === 0 ? 'no request today' : 'no request was answered today';
  const latency = (ms: number): string | null => (day.successful_executions === 0 ? null : latencyText(ms));
  return (
    <dl className="stats">
      <Stat label="Requests" value={countText(day.total_executions)} />
      <Stat label="Answered" value={day.total_executions === 0 ? null : percentText(day.success_rate)} reason={none} />
      <Stat label="Failed" value={countText(day.failed_executions)} />
      <Stat label="Latency p50" value={latency(day.p50_latency_ms)} reason={none} />
      <Stat label="Latency p99" value={latency(day.p99_latency_ms)} reason={none} />
      <Stat label="Chosen for validation" value={countText(day.sampled_count)} />
    </dl>
  );
}

/** Samples that wait for somebody. */
function Waiting({ name }: { name: string }): ReactElement | null {
  const { data } = useQuery(validationQuery(name));
  if (data === undefined) return null;
  const { open } = data.samples;
  if (open === 0) return null;
  return (
    <p>
      <Badge tone="wait" icon="person">
        {countText(open)}
      </Badge>{' '}
      <Link to="/programs/$name" params={{ name }} search={{ tab: 'samples' }} className="inline-link">
        {open === 1 ? 'sample waits' : 'samples wait'} for somebody to say what would have been right
      </Link>
    </p>
  );
}
