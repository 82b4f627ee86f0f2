import type { AuditEntry, RunDetail } from '@loopwright/protocol';
import { useInfiniteQuery } from '@tanstack/react-query';
import { type ReactElement, useMemo } from 'react';
import { Time } from '../../shared/time/time.tsx';
import { type Column, DataTable } from '../../shared/ui/data-table.tsx';
import { EmptyState, ErrorState, Loading } from '../../shared/ui/states.tsx';
import { auditQuery } from './run-queries.ts';

/** Who changed or decided what, the newest first. */
export function AuditPanel({ run }: { run: RunDetail }): ReactElement {
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(auditQuery(run.run_id));
  const rows = useMemo(() => data?.pages.flatMap(({ entries }) => entries) ?? [], [data]);
  if (data === undefined)
    return error === null ? <Loading label="Loading the audit" /> : <ErrorState error={error} retry={() => void refetch()} />;
  if (rows.length === 0)
    return <EmptyState title="Nothing was changed">No request has changed this run, or you may not see who did.</EmptyState>;
  return (
    <div className="panel-tall">
      <DataTable
        label="Audit"
        rows={rows}
        columns={COLUMNS}
        rowHeight={32}
        rowKey={({ id }) => id}
        onEnd={() => (hasNextPage && !isFetchingNextPage ? void fetchNextPage() : undefined)}
      />
    </div>
  );
}

const COLUMNS: readonly Column<AuditEntry>[] = [
  { id: 'at', header: 'At', width: '150px', cell: ({ at }) => <Time at={at} /> },
  {
    id: 'who',
    header: 'Who',
    width: '140px',
    cell: ({ user_id, method }) => (
      <span className="truncate" title={method === null ? undefined : `by ${method}`}>
        {user_id ?? '–'}
      </span>
    ),
  },
  { id: 'kind', header: 'What', width: '90px', cell: ({ kind }) => kind },
  { id: 'operation', header: 'Operation', cell: ({ operation }) => <span className="truncate mono">{operation}</span> },
  {
    id: 'status-code',
    header: 'Status',
    width: '80px',
    align: 'end',
    cell: ({ status }) => <span className="numeric">{status ?? '–'}</span>,
  },
];
