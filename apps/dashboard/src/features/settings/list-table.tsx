import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import type { ReactElement, ReactNode } from 'react';
import { Button } from '../../shared/ui/button.tsx';
import { ErrorState, Loading } from '../../shared/ui/states.tsx';
import { type Column, RowsTable } from './rows-table.tsx';

/** A list of moderate length with a button for more of it; says that it loads, cannot be shown or is empty. */
export function ListTable<Answer, Row>({
  label,
  query,
  rowsOf,
  rowKey,
  columns,
  empty,
}: {
  label: string;
  query: UseInfiniteQueryResult<InfiniteData<Answer>>;
  rowsOf: (answer: Answer) => readonly Row[];
  rowKey: (row: Row) => string;
  columns: readonly Column<Row>[];
  empty: ReactNode;
}): ReactElement {
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  if (data === undefined)
    return error === null ? (
      <Loading label={`Loading: ${label}`} lines={4} />
    ) : (
      <ErrorState error={error} retry={() => void refetch()} />
    );
  const rows = data.pages.flatMap(rowsOf);
  if (rows.length === 0) return <>{empty}</>;
  return (
    <>
      <RowsTable label={label} rows={rows} rowKey={rowKey} columns={columns} />
      {hasNextPage ? (
        <div>
          <Button small disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Show more
          </Button>
        </div>
      ) : null}
    </>
  );
}
