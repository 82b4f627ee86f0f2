import { useVirtualizer } from '@tanstack/react-virtual';
import {
  type CSSProperties,
  type ReactElement,
  type ReactNode,
  memo,
  useCallback,
  useEffect,
  useEffectEvent,
  useRef,
} from 'react';
import { Icon } from './icon.tsx';
import './table.css';

/** One column of a {@link DataTable}. */
export interface Column<Row> {
  readonly id: string;
  readonly header: ReactNode;
  readonly cell: (row: Row) => ReactNode;
  /** Of the column, in CSS; left out: what is left. */
  readonly width?: string;
  readonly align?: 'end';
  /** The key by which it is sorted; left out: it is not. */
  readonly sortKey?: string;
}

/** How many rows before the end more of them are asked for. */
const AHEAD = 60;

/** A table of any length: only the rows that are seen are there, and a screen reader is told how many there are. */
export function DataTable<Row>({
  label,
  rows,
  columns,
  rowKey,
  rowHeight = 36,
  total = rows.length,
  sort,
  onSort,
  isSelected,
  onEnd,
}: {
  label: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  rowKey: (row: Row) => string;
  /** In pixels; all rows have it. */
  rowHeight?: number;
  /** How many rows there are, those that were not loaded yet included. */
  total?: number;
  /** `key`, or `-key` for the greatest first. */
  sort?: string;
  onSort?: (sort: string) => void;
  isSelected?: (row: Row) => boolean;
  /** Called when the last rows come into sight. */
  onEnd?: () => void;
}): ReactElement {
  const scroll = useRef<HTMLDivElement>(null);
  const getItemKey = useCallback((index: number) => rowKey(rows[index] as Row), [rows, rowKey]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowHeight,
    getItemKey,
    overscan: 8,
    // Rows may come a frame later than the scrolling: better than holding it up.
    useFlushSync: false,
  });
  const items = virtual.getVirtualItems();
  const lastSeen = items.at(-1)?.index ?? 0;
  const end = useEffectEvent(() => onEnd?.());
  useEffect(() => {
    if (rows.length > 0 && lastSeen >= rows.length - AHEAD) end();
  }, [lastSeen, rows.length]);
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    // Keyboards scroll what has the focus.
    <div className="table-scroll grow" ref={scroll} tabIndex={0} role="region" aria-label={label}>
      <table
        className="table table-fixed"
        style={{ '--row-height': `${rowHeight}px` } as CSSProperties}
        aria-rowcount={total + 1}
        aria-label={label}
      >
        <colgroup>
          {columns.map(({ id, width }) => (
            <col key={id} className={`col-${id}`} {...(width === undefined ? {} : { style: { width } })} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <HeaderCell key={column.id} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 ? <Spacer height={before} columns={columns.length} /> : null}
          {items.map(({ index, key }) => {
            const row = rows[index] as Row;
            return <BodyRow key={key} row={row} index={index} columns={columns} isSelected={isSelected?.(row) ?? false} />;
          })}
          {after > 0 ? <Spacer height={after} columns={columns.length} /> : null}
        </tbody>
      </table>
    </div>
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
    <tr aria-rowindex={index + 2} data-selected={isSelected}>
      {columns.map(({ id, cell, align }) => (
        <td key={id} className={align === 'end' ? `end col-${id}` : `col-${id}`}>
          {cell(row)}
        </td>
      ))}
    </tr>
  );
}) as <Row>(props: BodyRowProps<Row>) => ReactElement;

function Spacer({ height, columns }: { height: number; columns: number }): ReactElement {
  return (
    <tr className="table-spacer" aria-hidden="true">
      <td colSpan={columns} style={{ height }} />
    </tr>
  );
}

function HeaderCell<Row>({
  column: { id, header, align, sortKey },
  sort,
  onSort,
}: {
  column: Column<Row>;
  sort: string | undefined;
  onSort: ((sort: string) => void) | undefined;
}): ReactElement {
  const className = align === 'end' ? `end col-${id}` : `col-${id}`;
  if (sortKey === undefined || onSort === undefined)
    return (
      <th scope="col" className={className}>
        {header}
      </th>
    );
  const isSorted = sort === sortKey || sort === `-${sortKey}`;
  const isDescending = sort === `-${sortKey}`;
  const next = isDescending ? sortKey : `-${sortKey}`;
  return (
    <th scope="col" className={className} {...(isSorted ? { 'aria-sort': isDescending ? 'descending' : 'ascending' } : {})}>
      <button type="button" className="sort" onClick={() => onSort(next)}>
        {header}
        {isSorted ? <Icon name={isDescending ? 'down' : 'up'} size={12} /> : null}
      </button>
    </th>
  );
}
