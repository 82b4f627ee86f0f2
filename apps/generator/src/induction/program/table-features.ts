import type { Cell, Column } from './table-cells.ts';

/**
 * Features of a row: `colour=red` for a category, `urgent=true` for a boolean, `age=?` for an empty cell. A number gives
 * `age` (its distance from the mean in standard deviations, at most 5) and `age>30` for every cut below it; with
 * `bins` only `age@2`, the number of cuts below it.
 */
export function tableFeatures(cells: readonly Cell[], columns: readonly Column[], bins: boolean): Map<string, number> {
  const features = new Map<string, number>();
  for (const [place, column] of columns.entries()) {
    const cell = cells[place] ?? null;
    const name = column.name.replace(/\s/gu, '_');
    if (cell === null) {
      features.set(`${name}=?`, 1);
    } else if (column.kind !== 'number') {
      if (column.kind === 'boolean' || column.values.includes(String(cell)))
        features.set(`${name}=${String(cell).replace(/\s/gu, '_')}`, 1);
    } else {
      const value = Number(cell);
      const below = column.cuts.filter((cut) => cut < value);
      if (bins) features.set(`${name}@${below.length}`, 1);
      else {
        features.set(name, Math.max(-5, Math.min(5, (value - column.mean) / column.deviation)));
        for (const cut of below) features.set(`${name}>${cut}`, 1);
      }
    }
  }
  return features;
}
