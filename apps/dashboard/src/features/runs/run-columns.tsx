import type { RunListItem } from '@loopwright/protocol';
import { Time } from '../../shared/time/time.tsx';
import { Badge, StatusBadge } from '../../shared/ui/badge.tsx';
import type { Column } from '../../shared/ui/data-table.tsx';
import { PageLink } from '../../shared/ui/page-link.tsx';
import { phaseTitle } from '../../shared/ui/phase-title.ts';

/** The columns of the list; the first one chooses rows for what is done to many. */
export function runColumns({
  rows,
  chosen,
  onChoose,
  mayChoose,
}: {
  rows: readonly RunListItem[];
  chosen: ReadonlySet<string>;
  onChoose: (change: (before: ReadonlySet<string>) => ReadonlySet<string>) => void;
  mayChoose: boolean;
}): Column<RunListItem>[] {
  const choose = (ids: readonly string[], isChosen: boolean): void =>
    onChoose((before) => (isChosen ? new Set([...before, ...ids]) : new Set([...before].filter((id) => !ids.includes(id)))));
  const choosing: Column<RunListItem> = {
    id: 'choose',
    width: '40px',
    header: (
      <input
        type="checkbox"
        aria-label="Choose all loaded runs"
        checked={chosen.size > 0 && chosen.size === rows.length}
        onChange={({ target }) =>
          choose(
            rows.map(({ run_id }) => run_id),
            target.checked,
          )
        }
      />
    ),
    cell: ({ run_id, project_name }) => (
      <input
        type="checkbox"
        aria-label={`Choose ${project_name ?? ''} ${run_id.slice(0, 8)}`}
        checked={chosen.has(run_id)}
        onChange={({ target }) => choose([run_id], target.checked)}
      />
    ),
  };
  return [...(mayChoose ? [choosing] : []), ...COLUMNS];
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
    cell: ({ warnings_count: count }) => {
      if (count === null)
        return (
          <span className="muted" title="Nothing was checked yet">
            –
          </span>
        );
      return count === 0 ? (
        <span className="numeric">0</span>
      ) : (
        <Badge tone="warn" icon="warning">
          {count}
        </Badge>
      );
    },
  },
  { id: 'updated', header: 'Changed', width: '150px', sortKey: 'updated_at', cell: ({ updated_at }) => <Time at={updated_at} /> },
  { id: 'created', header: 'Created', width: '150px', sortKey: 'created_at', cell: ({ created_at }) => <Time at={created_at} /> },
];
