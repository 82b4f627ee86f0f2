import { PlatformError, type ProgramSummary } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { Suspense, lazy, type ReactElement } from 'react';
import { useLiveQueries } from '../../shared/live/live.tsx';
import { Badge } from '../../shared/ui/badge.tsx';
import { EmptyState, ErrorState, Loading } from '../../shared/ui/states.tsx';
import { Tabs } from '../../shared/ui/tabs.tsx';
import { HealthBadge } from './health-badge.tsx';
import { OverviewPanel } from './overview/overview-panel.tsx';
import { programKey, programQuery } from './program-queries.ts';
import { PROGRAM_TABS, type ProgramSearch } from './programs-search.ts';
import './programs.css';

const VersionsPanel = lazy(async () => ({ default: (await import('./versions/versions-panel.tsx')).VersionsPanel }));
const RolloutPanel = lazy(async () => ({ default: (await import('./rollout/rollout-panel.tsx')).RolloutPanel }));
const HistoryPanel = lazy(async () => ({ default: (await import('./history/history-panel.tsx')).HistoryPanel }));
const PlaygroundPanel = lazy(async () => ({ default: (await import('./playground/playground-panel.tsx')).PlaygroundPanel }));
const AnalyticsPanel = lazy(async () => ({ default: (await import('./analytics/analytics-panel.tsx')).AnalyticsPanel }));
const DriftPanel = lazy(async () => ({ default: (await import('./drift/drift-panel.tsx')).DriftPanel }));
const SamplesPanel = lazy(async () => ({ default: (await import('./samples/samples-panel.tsx')).SamplesPanel }));
const MoneyPanel = lazy(async () => ({ default: (await import('./money/money-panel.tsx')).MoneyPanel }));
const route = getRouteApi('/programs/$name');

/** What a tab of a program is given. */
export interface ProgramPanel {
  readonly program: ProgramSummary;
  readonly search: ProgramSearch;
  readonly select: (next: Partial<ProgramSearch>) => void;
}

/** `/programs/$name`: one program: what answers, how well, where it came from, and what can be done with it. */
export function ProgramPage(): ReactElement {
  const { name } = route.useParams();
  const { data: program, error, refetch } = useQuery(programQuery(name));
  if (program === undefined && error instanceof PlatformError && (error.status === 404 || error.status === 400))
    return (
      <EmptyState title="There is no such program" action={<Link to="/programs">All programs</Link>}>
        {error.message}. It may be of a project that you do not see.
      </EmptyState>
    );
  if (program === undefined && error !== null) return <ErrorState error={error} retry={() => void refetch()} />;
  if (program === undefined) return <Loading label="Loading the program" lines={10} />;
  return <Program key={name} program={program} />;
}

function Program({ program }: { program: ProgramSummary }): ReactElement {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  useLivePromotions(program);
  const select = (next: Partial<ProgramSearch>): void =>
    void navigate({ search: (before) => ({ ...before, ...next }), replace: true });
  const given = { program, search, select };
  const panels = {
    overview: <OverviewPanel {...given} />,
    versions: <VersionsPanel {...given} />,
    rollout: <RolloutPanel {...given} />,
    history: <HistoryPanel {...given} />,
    playground: <PlaygroundPanel {...given} />,
    analytics: <AnalyticsPanel {...given} />,
    drift: <DriftPanel {...given} />,
    samples: <SamplesPanel {...given} />,
    money: <MoneyPanel {...given} />,
  };
  const tab = search.tab ?? 'overview';
  return (
    <div className="page">
      <div className="page-head">
        <h1>{program.name}</h1>
        <HealthBadge program={program} />
        <Badge>
          {program.active_version === null ? 'no version active' : `v${program.active_version} active`} of{' '}
          {program.versions.length}
        </Badge>
        <span className="grow" />
        <span className="muted">
          Project <strong>{program.project_id}</strong>
        </span>
      </div>
      <Tabs
        label="Views of the program"
        selected={tab}
        onSelect={(id) => void navigate({ search: id === 'overview' ? {} : { tab: id as NonNullable<ProgramSearch['tab']> } })}
        tabs={PROGRAM_TABS.map((id) => ({
          id,
          label: id.charAt(0).toUpperCase() + id.slice(1),
          panel: <Suspense fallback={<Loading label="Loading" />}>{id === tab ? panels[id] : null}</Suspense>,
        }))}
      />
    </div>
  );
}

const PROMOTED: ReadonlySet<unknown> = new Set(['summary', 'alias', 'versions', 'timeline', 'promotions']);

/** A step of an execution of the project may have stored or promoted a version; what people do by hand is seen at the next look. */
function useLivePromotions({ name, project_id: projectId }: ProgramSummary): void {
  useLiveQueries((event) => event.event_type === 'step_completed' && event.project_id === projectId, {
    queryKey: programKey(name),
    predicate: ({ queryKey }) => PROMOTED.has(queryKey[2]),
  });
}
