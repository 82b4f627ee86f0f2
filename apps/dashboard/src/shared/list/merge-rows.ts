/** One page of a list, as far as it is shown. */
export interface ListPage<Row> {
  readonly rows: readonly Row[];
  /** Of all that fit. */
  readonly total: number;
  readonly next_cursor: string | null;
}

/** What was loaded of a list, page by page. */
export interface LoadedPages<Row> {
  readonly pages: readonly ListPage<Row>[];
  readonly pageParams: readonly unknown[];
}

/** What became of some rows. */
export interface Change<Row> {
  /** All of them, as they are now. */
  readonly known: readonly Row[];
  /** Those that the filter of the list lets through, by their ids. */
  readonly fitting: ReadonlySet<string>;
  /** How many rows fit in all. */
  readonly total: number;
}

/** What a list goes by. */
export interface RowOrder<Row> {
  readonly idOf: (row: Row) => string;
  /** Below 0 when the first one comes first, as the server has them; 0 where only the server knows. */
  readonly compare: (one: Row, other: Row) => number;
}

/** Every row that was loaded, each once. */
export function rowsOf<Row>({ pages }: LoadedPages<Row>, idOf: (row: Row) => string): Row[] {
  const rows = new Map<string, Row>();
  for (const page of pages) for (const row of page.rows) rows.set(idOf(row), rows.get(idOf(row)) ?? row);
  return [...rows.values()];
}

/**
 * Puts rows that have changed where they belong now, and takes out what does not fit any more. A row behind the last one that was loaded is left to the
 * page that it will come with: the cursors of the pages stay what they are.
 */
export function mergeRows<Row, Loaded extends LoadedPages<Row>>(
  loaded: Loaded,
  { known, fitting, total }: Change<Row>,
  { idOf, compare }: RowOrder<Row>,
): Loaded {
  const changed = new Map(known.map((row) => [idOf(row), row]));
  const before = rowsOf(loaded, idOf);
  const end = loaded.pages.at(-1)?.next_cursor === null ? undefined : before.at(-1);
  const belongs = (row: Row): boolean => fitting.has(idOf(row)) && (end === undefined || compare(row, end) <= 0);
  const present = new Set(before.map(idOf));
  // What changed stays where it was among those that compare as the same: sorting keeps their order.
  const rows = [
    ...before.flatMap((row) => {
      const now = changed.get(idOf(row));
      return now === undefined ? [row] : belongs(now) ? [now] : [];
    }),
    ...known.filter((row) => !present.has(idOf(row)) && belongs(row)),
  ].toSorted(compare);
  const pages = loaded.pages.map((page, at) => ({ ...page, total, rows: at === 0 ? rows : [] }));
  return { ...loaded, pages };
}

/** Compares texts as the server does, by their code units. */
export function compareTexts(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
