import type { SparseRows } from '../learn/sparse-rows.ts';

/** Weights of a sum. */
export interface RidgeModel {
  readonly weights: ReadonlyMap<string, number>;
  readonly bias: number;
}

const PASSES = 200;

/** Learns a linear sum with squared error and L2 penalty by coordinate descent; the bias is not penalised. */
export function trainRidge(
  rows: SparseRows,
  { members, targets, penalty }: { members: readonly number[]; targets: readonly number[]; penalty: number },
): RidgeModel {
  const columns = rows.names.map(() => ({ at: [] as number[], values: [] as number[], squares: 0 }));
  for (const [place, member] of members.entries()) {
    const values = rows.values[member] ?? [];
    for (const [at, id] of (rows.ids[member] ?? []).entries()) {
      const column = columns[id];
      const value = values[at] ?? 0;
      if (column === undefined || value === 0) continue;
      column.at.push(place);
      column.values.push(value);
      column.squares += value * value;
    }
  }
  const weights = new Float64Array(columns.length);
  let bias = members.reduce((sum, member) => sum + (targets[member] ?? 0) / members.length, 0);
  const rest = Float64Array.from(members, (member) => (targets[member] ?? 0) - bias);
  const scale = Math.sqrt(rest.reduce((sum, value) => sum + value * value, 0) / members.length) || 1;
  for (let pass = 0; pass < PASSES; pass += 1) {
    let largest = 0;
    for (const [id, { at, values, squares }] of columns.entries()) {
      if (squares === 0) continue;
      let product = 0;
      for (let index = 0; index < at.length; index += 1) product += (values[index] ?? 0) * (rest[at[index] ?? 0] ?? 0);
      const old = weights[id] ?? 0;
      const next = (product + squares * old) / (squares + penalty);
      weights[id] = next;
      for (let index = 0; index < at.length; index += 1) {
        const place = at[index] ?? 0;
        rest[place] = (rest[place] ?? 0) - (next - old) * (values[index] ?? 0);
      }
      largest = Math.max(largest, Math.abs(next - old) * Math.sqrt(squares / members.length));
    }
    const shift = rest.reduce((sum, value) => sum + value / members.length, 0);
    bias += shift;
    for (let place = 0; place < rest.length; place += 1) rest[place] = (rest[place] ?? 0) - shift;
    if (largest < scale * 1e-5) break;
  }
  const kept = rows.names.flatMap((name, id) =>
    weights[id] === 0 ? [] : [[name, Number((weights[id] ?? 0).toPrecision(6))] as const],
  );
  return { weights: new Map(kept), bias: Number(bias.toPrecision(9)) };
}
