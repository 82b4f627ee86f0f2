import { type ReactElement, useMemo } from 'react';
import { type Column, DataTable } from '../../../shared/ui/data-table.tsx';
import { parseCsv, parseJsonLines } from './parse-table.ts';
import { SourceView } from '../../../shared/ui/source-view.tsx';

const ROW_HEIGHT = 30;

/** A file of records as a table; one that cannot be read as such as text. */
export function TableView({ name, text }: { name: string; text: string }): ReactElement {
  const table = useMemo(() => (name.endsWith('.jsonl') ? parseJsonLines(text) : parseCsv(text)), [name, text]);
  if (table === undefined || table.header.length === 0) return <SourceView name={name} text={text} />;
  const columns = table.header.map((title, at): Column<readonly [number, readonly string[]]> => ({
    id: String(at),
    header: title,
    cell: ([, row]) => (
      <span className="truncate" title={row[at]}>
        {row[at]}
      </span>
    ),
  }));
  return (
    <div className="table-view" style={{ height: `min(60vh, ${table.rows.length * ROW_HEIGHT + 48}px)` }}>
      <DataTable
        label={`${name}, ${table.rows.length} rows`}
        rows={table.rows.map((row, at) => [at, row] as const)}
        columns={columns}
        rowHeight={ROW_HEIGHT}
        rowKey={([at]) => String(at)}
      />
    </div>
  );
}
