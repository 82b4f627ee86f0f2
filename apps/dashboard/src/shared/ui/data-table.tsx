import { type CSSProperties, type ReactElement, type ReactNode, memo, useEffect, useEffectEvent, useState } from 'react';
import { Icon } from './icon.tsx';
import { useRowWindow } from './row-window.ts';
import './data-table.css';
import './table.css';

/** One column of a {@link DataTable}. */
export interface Column<Row> {
  readonly id: string;
  readonly header: ReactNode;
  readonly cell: (row: Row, isSelected: boolean) => ReactNode;
  /** Of the column, in CSS; left out: what is left. */
  readonly width?: string;
  readonly align?: 'end';
  /** The key by which it is sorted; left out: it is not. */
  readonly sortKey?: string;
}

/** How many rows before the end more of them are asked for. */
const AHEAD = 60;

interface BodyProps<Row> {
  readonly rows: readonly Row[];
  /** The same as long as nothing about them changes: otherwise each row is drawn again with the table. */
  readonly columns: readonly Column<Row>[];
  readonly rowKey: (row: Row) => string;
  /** In pixels; all rows have it. */
  readonly rowHeight?: number;
  readonly isSelected?: (row: Row) => boolean;
  /** Called when the last rows come into sight. */
  readonly onEnd?: () => void;
}

interface HeadProps<Row> {
  readonly columns: readonly Column<Row>[];
  /** Stands at the head of the first column, instead of its header. */
  readonly corner?: ReactNode;
  /** `key`, or `-key` for the greatest first. */
  readonly sort?: string;
  readonly onSort?: (sort: string) => void;
}

/**
 * A table of any length: only the rows that are seen are there, and a screen reader is told how many there are. Each row is laid out and painted by itself, at
 * its own place (`data-table.css`): what comes while one scrolls touches no row that is there. The roles say what the browser forgets of a table that is laid
 * out so.
 */
export function DataTable<Row>({
  label,
  total,
  corner,
  sort,
  onSort,
  ...body
}: {
  label: string;
  /** How many rows there are, those that were not loaded yet included. */
  total?: number;
} & BodyProps<Row> &
  HeadProps<Row>): ReactElement {
  const [scroll, setScroll] = useState<HTMLElement | null>(null);
  const { rows, columns, rowHeight = 36 } = body;
  return (
    // Keyboards scroll what has the focus.
    <div className="table-scroll grow" ref={setScroll} tabIndex={0} role="region" aria-label={label}>
      <table
        className="data-table"
        role="table"
        style={{ '--row-height': `${rowHeight}px` } as CSSProperties}
        aria-rowcount={(total ?? rows.length) + 1}
        aria-label={label}
      >
        <thead role="rowgroup">
          <tr role="row" aria-rowindex={1}>
            {columns.map((column, at) => (
              <HeaderCell
                key={column.id}
                column={at === 0 && corner !== undefined ? { ...column, header: corner } : column}
                sort={sort}
                onSort={onSort}
              />
            ))}
          </tr>
        </thead>
        <Body {...body} rowHeight={rowHeight} scroll={scroll} />
      </table>
    </div>
  );
}

/** The rows. Apart from the rest, so that scrolling draws nothing else. */
function Body<Row>({
  rows,
  columns,
  rowKey,
  rowHeight,
  isSelected,
  onEnd,
  scroll,
}: BodyProps<Row> & { rowHeight: number; scroll: HTMLElement | null }): ReactElement {
  const { first, end } = useRowWindow(scroll, rowHeight, rows.length);
  const reachEnd = useEffectEvent(() => onEnd?.());
  useEffect(() => {
    if (rows.length > 0 && end >= rows.length - AHEAD) reachEnd();
  }, [end, rows.length]);
  return (
    <tbody role="rowgroup" style={{ height: rows.length * rowHeight, paddingTop: first * rowHeight }}>
      {rows.slice(first, end).map((row, at) => (
        <BodyRow key={rowKey(row)} row={row} index={first + at} columns={columns} isSelected={isSelected?.(row) ?? false} />
      ))}
    </tbody>
  );
}

interface BodyRowProps<Row> {
  readonly row: Row;
  readonly index: number;
  readonly columns: readonly Column<Row>[];
  readonly isSelected: boolean;
}

/** One row; scrolling draws only those that come, because the others have not changed. */
const BodyRow = memo(function BodyRow<Row>({ row, index, columns, isSelected }: BodyRowProps<Row>): ReactElement {
  return (
    <tr role="row" aria-rowindex={index + 2} data-selected={isSelected}>
      {columns.map((column) => (
        <td key={column.id} role="cell" {...lookOf(column)}>
          {column.cell(row, isSelected)}
        </td>
      ))}
    </tr>
  );
}) as <Row>(props: BodyRowProps<Row>) => ReactElement;

function HeaderCell<Row>({
  column,
  sort,
  onSort,
}: {
  column: Column<Row>;
  sort: string | undefined;
  onSort: ((sort: string) => void) | undefined;
}): ReactElement {
  const { header, sortKey } = column;
  if (sortKey === undefined || onSort === undefined)
    return (
      <th scope="col" role="columnheader" {...lookOf(column)}>
        {header}
      </th>
    );
  const isSorted = sort === sortKey || sort === `-${sortKey}`;
  const isDescending = sort === `-${sortKey}`;
  const next = isDescending ? sortKey : `-${sortKey}`;
  return (
    <th
      scope="col"
      role="columnheader"
      {...lookOf(column)}
      {...(isSorted ? { 'aria-sort': isDescending ? 'descending' : 'ascending' } : {})}
    >
      <button type="button" className="sort" onClick={() => onSort(next)}>
        {header}
        {isSorted ? <Icon name={isDescending ? 'down' : 'up'} size={12} /> : null}
      </button>
    </th>
  );
}

function lookOf<Row>({ id, align, width }: Column<Row>): { className: string; style?: CSSProperties } {
  const className = `col-${id}${align === 'end' ? ' end' : ''}`;
  return width === undefined ? { className: `${className} rest` } : { className, style: { width } };
}
