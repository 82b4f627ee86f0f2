import type { AnalyticsFigures, RangeAnalytics } from '@loopwright/protocol';
import { isoTime, systemClock } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { serverUrl } from '../../../shared/api/api.ts';
import { countText, latencyText, percentText } from '../../../shared/time/format.ts';
import { EmptyState, ErrorState, Loading, Stat } from '../../../shared/ui/states.tsx';
import type { ProgramPanel } from '../program-page.tsx';
import { programPath, rangeQuery } from '../program-queries.ts';
import { DayChart } from './day-chart.tsx';
import { daysBetween, seriesOf } from './day-series.ts';
import { FiguresTable } from './figures-table.tsx';

const DAY_MS = 86_400_000;
const SPANS = [1, 7, 30, 90] as const;
const SLICES: Readonly<Record<string, string>> = {
  empty: 'Empty inputs',
  simple: 'Simple inputs',
  moderate: 'Moderate inputs',
  complex: 'Complex inputs',
};

/** How often the program was asked, how well and how fast it answered: over days, by version, by hour and by kind of input. */
export function AnalyticsPanel({ program, search, select }: ProgramPanel): ReactElement {
  const span = search.days ?? 7;
  const from = isoTime(systemClock.now() - (span - 1) * DAY_MS).slice(0, 10);
  const { data, error, refetch } = useQuery({ ...rangeQuery(program.name, from), enabled: program.edge_url !== null });
  if (program.edge_url === null)
    return <EmptyState title="Not measured now">The edge runtime, which has the figures, is not running.</EmptyState>;
  return (
    <div className="stack">
      <div className="segments" role="group" aria-label="Days">
        {SPANS.map((days) => (
          <button key={days} type="button" className="segment" aria-pressed={days === span} onClick={() => select({ days })}>
            {days === 1 ? 'Today' : `${days} days`}
          </button>
        ))}
      </div>
      <p>
        <a href={serverUrl(programPath(program.name, '/analytics/export', { from }))} download>
          Download these days as CSV
        </a>
      </p>
      {data === undefined && error !== null ? <ErrorState error={error} retry={() => void refetch()} /> : null}
      {data === undefined && error === null ? <Loading label="Loading the figures" /> : null}
      {data === undefined ? null : <Figures range={data} />}
    </div>
  );
}

function Figures({ range }: { range: RangeAnalytics }): ReactElement {
  const { total, from, to } = range;
  if (total.total_executions === 0)
    return (
      <EmptyState title="No requests in these days">
        Nothing was asked between {from} and {to} (UTC). The playground makes a request.
      </EmptyState>
    );
  const days = daysBetween(from, to);
  const figures = seriesOf(days, range.days);
  const of = (value: (day: AnalyticsFigures) => number | null): (number | null)[] =>
    figures.map((day) => (day === null ? null : value(day)));
  const latency = (value: (day: AnalyticsFigures) => number): (number | null)[] =>
    of((day) => (day.successful_executions === 0 ? null : value(day)));
  const none = 'no request was answered';
  const shown = (ms: number): string | null => (total.successful_executions === 0 ? null : latencyText(ms));
  return (
    <>
      <dl className="stats">
        <Stat label="Requests" value={countText(total.total_executions)} />
        <Stat label="Answered" value={percentText(total.success_rate)} />
        <Stat label="Failed" value={countText(total.failed_executions)} />
        <Stat label="Latency p50" value={shown(total.p50_latency_ms)} reason={none} />
        <Stat label="Latency p99" value={shown(total.p99_latency_ms)} reason={none} />
        <Stat label="Requests a day" value={countText(Math.round(total.total_executions / days.length))} />
      </dl>
      <div className="charts">
        <DayChart
          title="Requests"
          kind="bars"
          days={days}
          text={(value) => countText(Math.round(value * 10) / 10)}
          series={[
            { name: 'Answered', look: 'main', values: of((day) => day.successful_executions) },
            { name: 'Failed', look: 'bad', values: of((day) => day.failed_executions) },
          ]}
        />
        <DayChart
          title="Share answered"
          kind="lines"
          days={days}
          top={1}
          text={percentText}
          series={[{ name: 'Answered', look: 'main', values: of((day) => day.success_rate) }]}
        />
        <DayChart
          title="Latency"
          kind="lines"
          days={days}
          text={latencyText}
          series={[
            { name: 'p50', look: 'main', values: latency((day) => day.p50_latency_ms) },
            { name: 'p99', look: 'second', values: latency((day) => day.p99_latency_ms) },
          ]}
        />
      </div>
      <FiguresTable title="By version" first="Version" rows={byVersion(range)} />
      <FiguresTable title="By kind of input" first="Inputs" rows={rowsOf(range.by_slice, (slice) => SLICES[slice] ?? slice)} />
      <FiguresTable
        title="By hour of the day (UTC)"
        first="Hour"
        rows={rowsOf(range.by_hour, (hour) => `${hour.padStart(2, '0')}:00`)}
      />
      <p className="muted">
        Days and hours are those of the edge. A latency may be wrong by {percentText(range.relative_error)} of its value; failed
        requests have none.
      </p>
    </>
  );
}

type Rows = readonly (readonly [string, AnalyticsFigures])[];

function byVersion({ by_version: versions }: RangeAnalytics): Rows {
  return Object.entries(versions)
    .toSorted(([a], [b]) => Number(b) - Number(a))
    .map(([version, figures]) => [/^\d+$/.test(version) ? `v${version}` : 'not recorded', figures]);
}

function rowsOf(group: RangeAnalytics['by_hour'], name: (key: string) => string): Rows {
  return Object.entries(group)
    .toSorted(([a], [b]) => Number(a) - Number(b))
    .map(([key, figures]) => [name(key), figures]);
}
