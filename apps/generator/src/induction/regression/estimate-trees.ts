import { type EstimateTree, treeEstimate } from '../program/regression-model.ts';
import type { Cell, Column } from '../program/table-cells.ts';

/** What trees are grown on. */
export interface EstimateTask {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
  readonly targets: readonly number[];
  readonly members: readonly number[];
}

/** Most codes of a column beside the one for an empty cell: cuts of numbers, values of a category. */
const MOST_CODES = 62;
/** Trees that are added, and how much of each is taken (Friedman: Greedy Function Approximation, 2001). */
const ROUNDS = 120;
const RATE = 0.1;

/** A column as small numbers: 0 is an empty cell, a number has the place of the first cut that is not below it, a category that of its value. */
interface CodedColumn {
  readonly kind: Column['kind'];
  readonly codes: Uint8Array;
  /** What a code stands for: a cut, or a value. Code 1 is the first. */
  readonly meanings: readonly (number | string | boolean)[];
}

interface Growth {
  readonly columns: readonly CodedColumn[];
  readonly targets: ArrayLike<number>;
  readonly minLeaf: number;
}

/** Grows a tree that lessens the squared error at each question; leaves have `minLeaf` examples or more. */
export function growEstimateTree(task: EstimateTask, depth: number, minLeaf: number): EstimateTree {
  return grow({ columns: codeColumns(task), targets: task.targets, minLeaf }, task.members, depth);
}

/** Small trees, each grown on what those before it left over. The first is the mean. */
export function boostTrees(task: EstimateTask, depth: number, onRound: () => void): EstimateTree[] {
  const { members, rows } = task;
  const rest = Float64Array.from(task.targets);
  const mean = Number(members.reduce((sum, member) => sum + (rest[member] ?? 0) / members.length, 0).toPrecision(9));
  for (const member of members) rest[member] = (rest[member] ?? 0) - mean;
  const trees: EstimateTree[] = [mean];
  const growth = { columns: codeColumns(task), targets: rest, minLeaf: Math.max(3, Math.round(members.length / 200)) };
  for (let round = 0; round < ROUNDS; round += 1) {
    onRound();
    const tree = scaled(grow(growth, members, depth), RATE);
    if (tree === 0) break;
    trees.push(tree);
    for (const member of members) rest[member] = (rest[member] ?? 0) - treeEstimate(tree, rows[member] ?? []);
  }
  return trees;
}

function grow(growth: Growth, members: readonly number[], depth: number): EstimateTree {
  const { columns, targets, minLeaf } = growth;
  const mean = members.reduce((sum, member) => sum + (targets[member] ?? 0) / members.length, 0);
  const leaf = Number(mean.toPrecision(6));
  if (depth === 0 || members.length < 2 * minLeaf) return leaf;
  const question = bestQuestion(growth, members);
  if (question === undefined) return leaf;
  const { column, kind, code } = question;
  const coded = columns[column];
  if (coded === undefined) return leaf;
  const isYes = (member: number): boolean => {
    const own = coded.codes[member] ?? 0;
    return kind === 'at_most' ? own > 0 && own <= code : own === code;
  };
  const yes = grow(growth, members.filter(isYes), depth - 1);
  const no = grow(
    growth,
    members.filter((member) => !isYes(member)),
    depth - 1,
  );
  return [column, kind, kind === 'empty' ? null : (coded.meanings[code - 1] ?? null), yes, no];
}

function scaled(tree: EstimateTree, rate: number): EstimateTree {
  if (typeof tree === 'number') return Number((tree * rate).toPrecision(5));
  const [column, kind, value, yes, no] = tree;
  return [column, kind, value, scaled(yes, rate), scaled(no, rate)];
}

interface CodedQuestion {
  readonly column: number;
  readonly kind: 'at_most' | 'is' | 'empty';
  readonly code: number;
}

function bestQuestion({ columns, targets, minLeaf }: Growth, members: readonly number[]): CodedQuestion | undefined {
  let whole = 0;
  let squares = 0;
  for (const member of members) {
    const target = targets[member] ?? 0;
    whole += target;
    squares += target ** 2;
  }
  const bare = whole ** 2 / members.length;
  let best: CodedQuestion | undefined;
  // A smaller gain is rounding.
  let bestGain = squares * 1e-12;
  const offer = (question: CodedQuestion, n: number, total: number): void => {
    if (n < minLeaf || members.length - n < minLeaf) return;
    const gain = total ** 2 / n + (whole - total) ** 2 / (members.length - n) - bare;
    if (gain <= bestGain) return;
    bestGain = gain;
    best = question;
  };
  for (const [column, { kind, codes, meanings }] of columns.entries()) {
    const counts = new Float64Array(meanings.length + 2);
    const totals = new Float64Array(meanings.length + 2);
    for (const member of members) {
      const code = codes[member] ?? 0;
      counts[code] = (counts[code] ?? 0) + 1;
      totals[code] = (totals[code] ?? 0) + (targets[member] ?? 0);
    }
    offer({ column, kind: 'empty', code: 0 }, counts[0] ?? 0, totals[0] ?? 0);
    let [n, total] = [0, 0];
    for (let code = 1; code <= meanings.length; code += 1) {
      n += counts[code] ?? 0;
      total += totals[code] ?? 0;
      if (kind === 'number') offer({ column, kind: 'at_most', code }, n, total);
      else offer({ column, kind: 'is', code }, counts[code] ?? 0, totals[code] ?? 0);
    }
  }
  return best;
}

function codeColumns({ columns, rows, members }: EstimateTask): CodedColumn[] {
  return columns.map((column, place) => {
    const codes = new Uint8Array(rows.length);
    const cellOf = (member: number): Cell => rows[member]?.[place] ?? null;
    if (column.kind === 'number') {
      const cuts = cutsOf(members.map(cellOf).filter((cell) => typeof cell === 'number'));
      for (const member of members) {
        const cell = cellOf(member);
        if (typeof cell === 'number') codes[member] = 1 + placeOf(cuts, cell);
      }
      return { kind: column.kind, codes, meanings: cuts };
    }
    const meanings = column.kind === 'boolean' ? [false, true] : column.values.slice(0, MOST_CODES);
    const known = new Map<Cell, number>(meanings.map((value, at) => [value, at + 1]));
    for (const member of members) {
      const cell = cellOf(member);
      // A value that is not known has a code that no question asks for.
      if (cell !== null) codes[member] = known.get(cell) ?? meanings.length + 1;
    }
    return { kind: column.kind, codes, meanings };
  });
}

/** Cuts between neighbouring values; at quantiles when there are too many values. */
function cutsOf(values: readonly number[]): number[] {
  const sorted = values.toSorted((a, b) => a - b);
  const distinct = sorted.filter((value, at) => value !== sorted[at - 1]);
  const chosen =
    distinct.length <= MOST_CODES
      ? distinct.slice(0, -1)
      : Array.from({ length: MOST_CODES - 1 }, (_, part) => sorted[Math.floor(((part + 1) * sorted.length) / MOST_CODES)] ?? 0);
  const nextOf = new Map(distinct.map((value, at) => [value, distinct[at + 1]]));
  const cuts = chosen.flatMap((value) => {
    const next = nextOf.get(value);
    if (next === undefined) return [];
    const middle = Number(((value + next) / 2).toPrecision(6));
    return [middle >= value && middle < next ? middle : value];
  });
  return [...new Set(cuts)].sort((a, b) => a - b);
}

/** The place of the first cut that is not below a value. */
function placeOf(cuts: readonly number[], value: number): number {
  let [low, high] = [0, cuts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= (cuts[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}
