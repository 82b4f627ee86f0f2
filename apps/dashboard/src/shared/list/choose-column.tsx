import type { ReactElement } from 'react';
import type { Column } from '../ui/data-table.tsx';
import type { Noun } from './nouns.ts';

/** Changes which rows are chosen. */
export type OnChoose = (change: (before: ReadonlySet<string>) => ReadonlySet<string>) => void;

/** The column that chooses rows for what is done to many. */
export function chooseColumn<Row>({
  noun,
  idOf,
  nameOf,
  onChoose,
}: {
  noun: Noun;
  idOf: (row: Row) => string;
  /** What a screen reader calls a row. */
  nameOf: (row: Row) => string;
  onChoose: OnChoose;
}): Column<Row> {
  return {
    id: 'choose',
    width: '40px',
    header: `Choose ${noun.many}`,
    cell: (row, isChosen) => (
      <input
        type="checkbox"
        aria-label={`Choose ${nameOf(row)} ${idOf(row).slice(0, 8)}`}
        checked={isChosen}
        onChange={({ target }) => onChoose((before) => withOrWithout(before, [idOf(row)], target.checked))}
      />
    ),
  };
}

/** Chooses all rows that are loaded; stands above {@link chooseColumn}. Apart from it, because it changes with each row that comes. */
export function ChooseAll<Row>({
  noun,
  rows,
  idOf,
  chosen,
  onChoose,
}: {
  noun: Noun;
  rows: readonly Row[];
  idOf: (row: Row) => string;
  chosen: ReadonlySet<string>;
  onChoose: OnChoose;
}): ReactElement {
  return (
    <input
      type="checkbox"
      aria-label={`Choose all loaded ${noun.many}`}
      checked={chosen.size > 0 && chosen.size === rows.length}
      onChange={({ target }) => onChoose((before) => withOrWithout(before, rows.map(idOf), target.checked))}
    />
  );
}

function withOrWithout(before: ReadonlySet<string>, ids: readonly string[], isWith: boolean): ReadonlySet<string> {
  if (isWith) return new Set([...before, ...ids]);
  const without = new Set(ids);
  return new Set([...before].filter((id) => !without.has(id)));
}
