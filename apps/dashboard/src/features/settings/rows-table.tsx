import type { ReactElement, ReactNode } from 'react';
import '../../shared/ui/table.css';

/** One column of a {@link RowsTable}. */
export interface Column<Row> {
  readonly header: ReactNode;
  readonly cell: (row: Row) => ReactNode;
  /** Left out on a phone. */
  readonly isWide?: boolean;
}

/** A table of moderate length; it scrolls by itself where it is too wide. */
export function RowsTable<Row>({
  label,
  rows,
  rowKey,
  columns,
}: {
  label: string;
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  columns: readonly Column<Row>[];
}): ReactElement {
  const classOf = ({ isWide }: Column<Row>): string | undefined => (isWide === true ? 'wide-only' : undefined);
  return (
    <div className="settings-list" tabIndex={0} role="region" aria-label={label}>
      <table className="table" aria-label={label}>
        <thead>
          <tr>
            {columns.map((column, at) => (
              <th key={at} scope="col" className={classOf(column)}>
                {column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column, at) => (
                <td key={at} className={classOf(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
