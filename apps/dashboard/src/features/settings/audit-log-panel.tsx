import type { AuditEntry } from '@loopwright/protocol';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { type ReactElement, useMemo } from 'react';
import { useSession } from '../../shared/api/session.tsx';
import { countText } from '../../shared/time/format.ts';
import { Time } from '../../shared/time/time.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { type Column, DataTable } from '../../shared/ui/data-table.tsx';
import { SelectField } from '../../shared/ui/field.tsx';
import { EmptyState, ErrorState, Loading } from '../../shared/ui/states.tsx';
import { FilterField } from './filter-field.tsx';
import type { PanelProps } from './settings-page.tsx';
import { auditQuery, verificationQuery } from './settings-queries.ts';

/** Who changed or decided what, and whether the log is whole. */
export function AuditLogPanel({ search, onSearch }: PanelProps): ReactElement {
  const { can } = useSession();
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(auditQuery(search));
  const rows = useMemo(() => data?.pages.flatMap(({ entries }) => entries) ?? [], [data]);
  return (
    <div className="stack">
      <search className="settings-filters" aria-label="Filter the audit log">
        <FilterField label="Person" value={search.user} onValue={(user) => onSearch({ user })} />
        <FilterField
          label="Operation"
          value={search.operation}
          placeholder="POST /api/v1/runs"
          onValue={(operation) => onSearch({ operation })}
        />
        <SelectField
          label="What"
          value={search.kind ?? ''}
          onChange={({ target: { value } }) => onSearch({ kind: value === '' ? undefined : (value as AuditEntry['kind']) })}
        >
          <option value="">Everything</option>
          <option value="intent">Intents</option>
          <option value="outcome">Outcomes</option>
          <option value="refused">Refused</option>
          <option value="refusals">Refusals, counted</option>
          <option value="pruned">Pruned</option>
        </SelectField>
        {can('users:admin') ? <Verification /> : null}
      </search>
      {data === undefined && error === null ? <Loading label="Loading the audit log" /> : null}
      {error === null ? null : <ErrorState error={error} retry={() => void refetch()} />}
      {data !== undefined && rows.length === 0 ? (
        <EmptyState title="Nothing fits">
          No entry of the log that you may see is like that. Names are compared as a whole.
        </EmptyState>
      ) : null}
      {rows.length === 0 ? null : (
        <div className="settings-audit">
          <DataTable
            label="Audit log"
            rows={rows}
            columns={COLUMNS}
            rowHeight={32}
            rowKey={({ id }) => id}
            onEnd={() => (hasNextPage && !isFetchingNextPage ? void fetchNextPage() : undefined)}
          />
        </div>
      )}
    </div>
  );
}

function Verification(): ReactElement {
  const { data, isFetching, error, refetch } = useQuery(verificationQuery);
  const told =
    data === undefined
      ? ''
      : data.valid
        ? `Whole and unchanged: ${countText(data.checked)} entries, the newest has the digest ${data.head_digest.slice(0, 12)}…`
        : `Broken at entry ${data.broken_at?.seq ?? '?'}: ${data.broken_at?.reason ?? 'nobody knows why'}`;
  return (
    <>
      <Button disabled={isFetching} onClick={() => void refetch()}>
        {isFetching ? 'Checking…' : 'Check the chain'}
      </Button>
      <span role="status" className={data?.valid === false ? 'field-error' : 'muted'}>
        {error === null ? told : 'The chain cannot be checked now'}
      </span>
    </>
  );
}

const COLUMNS: readonly Column<AuditEntry>[] = [
  { id: 'at', header: 'At', width: '150px', cell: ({ at }) => <Time at={at} /> },
  { id: 'who', header: 'Who', width: '180px', cell: ({ user_id: id }) => <span className="truncate">{id ?? '–'}</span> },
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
    id: 'status',
    header: 'Status',
    width: '80px',
    align: 'end',
    cell: ({ status }) => <span className="numeric">{status ?? '–'}</span>,
  },
];
