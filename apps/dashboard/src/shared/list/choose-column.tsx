import type { Column } from '../ui/data-table.tsx';
import type { Noun } from './nouns.ts';

/** The column that chooses rows for what is done to many. */
export function chooseColumn<Row>({
  noun,
  rows,
  idOf,
  nameOf,
  chosen,
  onChoose,
}: {
  noun: Noun;
  rows: readonly Row[];
  idOf: (row: Row) => string;
  /** What a screen reader calls a row. */
  nameOf: (row: Row) => string;
  chosen: ReadonlySet<string>;
  onChoose: (change: (before: ReadonlySet<string>) => ReadonlySet<string>) => void;
}): Column<Row> {
  const choose = (ids: readonly string[], isChosen: boolean): void =>
    onChoose((before) => (isChosen ? new Set([...before, ...ids]) : new Set([...before].filter((id) => !ids.includes(id)))));
  return {
    id: 'choose',
    width: '40px',
    header: (
      <input
        type="checkbox"
        aria-label={`Choose all loaded ${noun.many}`}
        checked={chosen.size > 0 && chosen.size === rows.length}
        onChange={({ target }) => choose(rows.map(idOf), target.checked)}
      />
    ),
    cell: (row) => (
      <input
        type="checkbox"
        aria-label={`Choose ${nameOf(row)} ${idOf(row).slice(0, 8)}`}
        checked={chosen.has(idOf(row))}
        onChange={({ target }) => choose([idOf(row)], target.checked)}
      />
    ),
  };
}
