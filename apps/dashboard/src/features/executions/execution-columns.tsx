import type { ReactElement } from 'react';
import { type OnChoose, chooseColumn } from '../../shared/list/choose-column.tsx';
import type { Noun } from '../../shared/list/nouns.ts';
import { WarningsCount } from '../../shared/list/warnings-count.tsx';
import { Duration, Time } from '../../shared/time/time.tsx';
import { StatusBadge } from '../../shared/ui/badge.tsx';
import type { Column } from '../../shared/ui/data-table.tsx';
import { PageLink } from '../../shared/ui/page-link.tsx';
import { type ExecutionItem, executionIdOf } from './executions-query.ts';

/** What the list is of. */
export const EXECUTIONS: Noun = { one: 'execution', many: 'executions' };

/** The columns of the list; the first one chooses rows for what is done to many, where there is `onChoose`. */
export function executionColumns(onChoose: OnChoose | undefined): readonly Column<ExecutionItem>[] {
  if (onChoose === undefined) return COLUMNS;
  const nameOf = ({ workflow_id: workflow }: ExecutionItem): string => workflow;
  return [chooseColumn({ noun: EXECUTIONS, idOf: executionIdOf, nameOf, onChoose }), ...COLUMNS];
}

const COLUMNS: readonly Column<ExecutionItem>[] = [
  {
    id: 'workflow',
    header: 'Execution',
    sortKey: 'workflow_id',
    cell: ({ execution_id: id, workflow_id: workflow }) => (
      <PageLink path={`/orchestrator/executions/${encodeURIComponent(id)}`} className="truncate execution-name" title={id}>
        <strong>{workflow}</strong> <span className="mono muted">{id.slice(0, 8)}</span>
      </PageLink>
    ),
  },
  {
    id: 'state',
    header: 'Status',
    width: '130px',
    sortKey: 'status',
    cell: ({ status }) => <StatusBadge status={status} />,
  },
  { id: 'execution-run', header: 'Run', width: '190px', cell: ({ run }) => <RunLink run={run} /> },
  {
    id: 'execution-warnings',
    header: 'Warnings',
    width: '92px',
    align: 'end',
    cell: ({ run }) =>
      run === null ? (
        <span className="muted" title="Only runs are checked">
          –
        </span>
      ) : (
        <WarningsCount count={run.warnings_count} />
      ),
  },
  {
    id: 'execution-project',
    header: 'Project',
    width: '150px',
    sortKey: 'project_id',
    cell: ({ project_id: project }) => <span className="truncate">{project}</span>,
  },
  {
    id: 'execution-started',
    header: 'Started',
    width: '150px',
    sortKey: 'started_at',
    cell: ({ started_at: at }) => <Time at={at} />,
  },
  {
    id: 'execution-took',
    header: 'Took',
    width: '110px',
    align: 'end',
    cell: ({ started_at: from, completed_at: to }) => (
      <Duration
        seconds={from === null || to === null ? null : (Date.parse(to) - Date.parse(from)) / 1000}
        since={to === null ? from : null}
      />
    ),
  },
];

function RunLink({ run }: { run: ExecutionItem['run'] }): ReactElement {
  if (run === null)
    return (
      <span className="muted" title="It belongs to no run">
        –
      </span>
    );
  return (
    <PageLink path={`/orchestrator/runs/${encodeURIComponent(run.run_id)}`} className="truncate" title={run.run_id}>
      {run.project_name ?? run.run_id.slice(0, 8)}
    </PageLink>
  );
}
