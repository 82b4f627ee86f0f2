import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import type { ReactElement, ReactNode } from 'react';
import { Button } from '../../shared/ui/button.tsx';
import { ErrorState, Loading } from '../../shared/ui/states.tsx';
import '../../shared/ui/table.css';

/** One column of a {@link ListTable}. */
export interface ListColumn<Row> {
  readonly header: ReactNode;
  readonly cell: (row: Row) => ReactNode;
  /** Left out on a phone. */
  readonly isWide?: boolean;
}

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
  columns: readonly ListColumn<Row>[];
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
      <div className="settings-list" tabIndex={0} role="region" aria-label={label}>
        <table className="table" aria-label={label}>
          <thead>
            <tr>
              {columns.map(({ header, isWide }, at) => (
                <th key={at} scope="col" className={isWide === true ? 'wide-only' : undefined}>
                  {header}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={rowKey(row)}>
                {columns.map(({ cell, isWide }, at) => (
                  <td key={at} className={isWide === true ? 'wide-only' : undefined}>
                    {cell(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
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
