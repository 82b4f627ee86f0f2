import type { AuditEntry, Json, auditListSchema } from '@loopwright/protocol';
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import { type ReactElement, type ReactNode, useMemo } from 'react';
import type { z } from 'zod';
import { Time } from '../time/time.tsx';
import { type Column, DataTable } from '../ui/data-table.tsx';
import { ErrorState, Loading } from '../ui/states.tsx';

/** Entries of the audit log, the newest first, loaded further as one scrolls. */
export function AuditTable({
  label,
  query,
  empty,
  className,
  isAboutOne = false,
}: {
  label: string;
  query: UseInfiniteQueryResult<InfiniteData<z.infer<typeof auditListSchema>>>;
  empty: ReactNode;
  /** Gives the place its height. */
  className: string;
  /** Whether all of them are about the same object, which the page names already. */
  isAboutOne?: boolean;
}): ReactElement {
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const rows = useMemo(() => data?.pages.flatMap(({ entries }) => entries) ?? [], [data]);
  if (data === undefined)
    return error === null ? <Loading label={`Loading: ${label}`} /> : <ErrorState error={error} retry={() => void refetch()} />;
  if (rows.length === 0) return <>{empty}</>;
  return (
    <div className={className}>
      <DataTable
        label={label}
        rows={rows}
        columns={isAboutOne ? ABOUT_ONE : ABOUT_MANY}
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
    id: 'object',
    header: 'About',
    cell: ({ object_kind: kind, object_id: id }) => (
      <span className="truncate">{kind === null ? '–' : `${kind} ${id ?? ''}`}</span>
    ),
  },
  {
    id: 'said',
    header: 'Recorded',
    cell: ({ after }) => (
      <span className="truncate" title={saidText(after)}>
        {saidText(after)}
      </span>
    ),
  },
  {
    id: 'status-code',
    header: 'Status',
    width: '80px',
    align: 'end',
    cell: ({ status }) => <span className="numeric">{status ?? '–'}</span>,
  },
];

const SHORT_OPERATION: Column<AuditEntry> = {
  id: 'operation',
  header: 'Operation',
  cell: ({ operation }) => <ShortOperation operation={operation} />,
};
const ABOUT_MANY = COLUMNS.filter(({ id }) => id !== 'said');
/** Without the object, and paths without what they begin with for all of them. */
const ABOUT_ONE = COLUMNS.filter(({ id }) => id !== 'object').map((column) =>
  column.id === 'operation' ? SHORT_OPERATION : column,
);

function ShortOperation({ operation }: { operation: string }): ReactElement {
  return (
    <span className="truncate mono" title={operation}>
      {operation.replace(/\/api\/v1\/\w+\/\{\w+\}/, '…')}
    </span>
  );
}

/** What was asked for, as far as the record has it: `reason: Nobody wants it`. */
function saidText(after: Json): string {
  const said = isObject(after) ? after['said'] : undefined;
  if (said === undefined || !isObject(said)) return '–';
  const parts = Object.entries(said).filter(([, value]) => value !== null);
  return parts.map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`).join(', ') || '–';
}

function isObject(value: Json): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
