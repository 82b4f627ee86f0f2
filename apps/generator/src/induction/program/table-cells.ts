/** What is known about a column of the table. */
export type Column =
  | {
      readonly name: string;
      readonly kind: 'number';
      readonly mean: number;
      readonly deviation: number;
      readonly cuts: readonly number[];
    }
  | { readonly name: string; readonly kind: 'category'; readonly values: readonly string[] }
  | { readonly name: string; readonly kind: 'boolean' };

/** One cell of a row. */
export type Cell = number | string | boolean | null;

/** The cells of a record in the order of the columns; an absent member is null. Throws where a cell has the wrong kind. */
export function readCells(input: unknown, columns: readonly Column[]): Cell[] {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw new TypeError('Cannot read the input: not an object');
  const members = new Map<string, unknown>(Object.entries(input));
  return columns.map((column) => {
    const value = members.get(column.name) ?? null;
    if (value === null) return null;
    if (column.kind === 'number' && typeof value === 'number') return value;
    if (column.kind === 'category' && typeof value === 'string') return value;
    if (column.kind === 'boolean' && typeof value === 'boolean') return value;
    throw new TypeError(
      `Cannot read ${JSON.stringify(column.name)} of the input: not a ${column.kind === 'category' ? 'string' : column.kind}`,
    );
  });
}

/** Whether any cell holds something that the examples had too. */
export function knowsCells(cells: readonly Cell[], columns: readonly Column[]): boolean {
  return columns.some((column, place) => {
    const cell = cells[place] ?? null;
    return column.kind === 'category' ? typeof cell === 'string' && column.values.includes(cell) : cell !== null;
  });
}
