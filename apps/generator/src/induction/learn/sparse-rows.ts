/** Features of all examples as numbers: `ids[i]` names the features of row i, `values[i]` their values. */
export interface SparseRows {
  readonly names: readonly string[];
  readonly ids: readonly Int32Array[];
  readonly values: readonly Float64Array[];
}

/** How counts become values, see `ScoreSettings` of the program. */
export interface ValueSettings {
  readonly dampen: boolean;
  readonly normalise: boolean;
}

/** Numbers the features, and turns counts into the values that the program computes too. */
export function sparseRows(features: Iterable<ReadonlyMap<string, number>>, settings: ValueSettings): SparseRows {
  const places = new Map<string, number>();
  const ids: Int32Array[] = [];
  const values: Float64Array[] = [];
  for (const counts of features) {
    const row = new Int32Array(counts.size);
    const value = new Float64Array(counts.size);
    let at = 0;
    let squares = 0;
    for (const [name, count] of counts) {
      let id = places.get(name);
      if (id === undefined) {
        id = places.size;
        places.set(name, id);
      }
      row[at] = id;
      const dampened = settings.dampen ? 1 + Math.log(count) : count;
      value[at] = dampened;
      squares += dampened * dampened;
      at += 1;
    }
    const length = settings.normalise && squares > 0 ? Math.sqrt(squares) : 1;
    for (at = 0; at < value.length; at += 1) value[at] = (value[at] ?? 0) / length;
    ids.push(row);
    values.push(value);
  }
  return { names: [...places.keys()], ids, values };
}

/**
 * The same rows without the features that only one of them has. Training leaves these out anyway; without their columns it needs half of the
 * memory and time. The values stay as they are: a text is as long as it was.
 */
export function withoutLoneFeatures(rows: SparseRows): SparseRows {
  const documents = documentCounts(rows, [...rows.ids.keys()]);
  const places = new Int32Array(rows.names.length).fill(-1);
  const names: string[] = [];
  for (const [id, name] of rows.names.entries()) {
    if ((documents[id] ?? 0) < 2) continue;
    places[id] = names.length;
    names.push(name);
  }
  const isKept = (id: number | undefined): boolean => (places[id ?? -1] ?? -1) >= 0;
  const values = rows.values.map((row, place) => row.filter((_, at) => isKept(rows.ids[place]?.[at])));
  const ids = rows.ids.map((row) => row.filter(isKept).map((id) => places[id] ?? 0));
  return { names, ids, values };
}

/** In how many of the rows each feature occurs. */
export function documentCounts(rows: SparseRows, members: readonly number[]): Float64Array {
  const counts = new Float64Array(rows.names.length);
  for (const member of members) {
    for (const id of rows.ids[member] ?? []) counts[id] = (counts[id] ?? 0) + 1;
  }
  return counts;
}

/** Weights of a linear model: one vector of feature weights and one bias for each class. */
export interface DenseModel {
  readonly weights: readonly Float64Array[];
  readonly bias: readonly number[];
  /** How much a weight matters beyond its size: in how many rows its feature occurs. */
  readonly documents: Float64Array;
}
