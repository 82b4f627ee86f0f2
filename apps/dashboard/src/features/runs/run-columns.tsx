import type { RunListItem } from '@loopwright/protocol';
import { Time } from '../../shared/time/time.tsx';
import { StatusBadge } from '../../shared/ui/badge.tsx';
import { type OnChoose, chooseColumn } from '../../shared/list/choose-column.tsx';
import type { Noun } from '../../shared/list/nouns.ts';
import { WarningsCount } from '../../shared/list/warnings-count.tsx';
import type { Column } from '../../shared/ui/data-table.tsx';
import { PageLink } from '../../shared/ui/page-link.tsx';
import { phaseTitle } from '../../shared/ui/phase-title.ts';
import { runIdOf } from './runs-query.ts';

/** What the list is of. */
export const RUNS: Noun = { one: 'run', many: 'runs' };

/** The columns of the list; the first one chooses rows for what is done to many, where there is `onChoose`. */
export function runColumns(onChoose: OnChoose | undefined): readonly Column<RunListItem>[] {
  if (onChoose === undefined) return COLUMNS;
  const nameOf = ({ project_name }: RunListItem): string => project_name ?? '';
  return [chooseColumn({ noun: RUNS, idOf: runIdOf, nameOf, onChoose }), ...COLUMNS];
}

const COLUMNS: readonly Column<RunListItem>[] = [
  {
    id: 'name',
    header: 'Run',
    sortKey: 'project_name',
    cell: ({ run_id, project_name }) => (
      <PageLink path={`/orchestrator/runs/${run_id}`} className="truncate run-name" title={run_id}>
        <strong>{project_name ?? 'Unnamed'}</strong> <span className="mono muted">{run_id.slice(0, 8)}</span>
      </PageLink>
    ),
  },
  {
    id: 'status',
    header: 'Status',
    width: '130px',
    sortKey: 'status',
    cell: ({ status, open_tasks }) => <StatusBadge status={status === 'running' && open_tasks > 0 ? 'waiting' : status} />,
  },
  {
    id: 'phase',
    header: 'Phase',
    width: '150px',
    cell: ({ current_phase }) => <span className="truncate">{phaseTitle(current_phase)}</span>,
  },
  {
    id: 'profile',
    header: 'Profile',
    width: '160px',
    sortKey: 'profile',
    cell: ({ profile }) => <span className="truncate mono">{profile}</span>,
  },
  {
    id: 'warnings',
    header: 'Warnings',
    width: '92px',
    align: 'end',
    cell: ({ warnings_count: count }) => <WarningsCount count={count} />,
  },
  { id: 'updated', header: 'Changed', width: '150px', sortKey: 'updated_at', cell: ({ updated_at }) => <Time at={updated_at} /> },
  { id: 'created', header: 'Created', width: '150px', sortKey: 'created_at', cell: ({ created_at }) => <Time at={created_at} /> },
];
