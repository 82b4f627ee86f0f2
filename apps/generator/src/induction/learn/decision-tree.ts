import type { Cell, Column } from '../program/table-cells.ts';

/** A question about one cell. A cell that is empty answers every question but `empty` with no. */
export type Question =
  | { readonly kind: 'at_most'; readonly column: number; readonly value: number }
  | { readonly kind: 'is'; readonly column: number; readonly value: string | boolean }
  | { readonly kind: 'empty'; readonly column: number };

/** A leaf: its label, how many examples came here, and which share of them has the label, with one more counted for each label. */
export interface Leaf {
  readonly label: number;
  readonly n: number;
  readonly share: number;
}

/** A tree of questions; `n` counts the examples that came here. */
export type Tree = Leaf | { readonly question: Question; readonly n: number; readonly yes: Tree; readonly no: Tree };

/** Fewest examples in a leaf. */
const MIN_LEAF = 2;

/** Answers a question. */
function asks(question: Question, cells: readonly Cell[]): boolean {
  const cell = cells[question.column] ?? null;
  if (question.kind === 'empty') return cell === null;
  if (question.kind === 'is') return cell === question.value;
  return typeof cell === 'number' && cell <= question.value;
}

/** The leaf of a row. */
export function decide(tree: Tree, cells: readonly Cell[]): Leaf {
  let node = tree;
  while ('question' in node) node = asks(node.question, cells) ? node.yes : node.no;
  return node;
}

/** What grows a tree. */
export interface TreeTask {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
  readonly truth: readonly number[];
  readonly classes: number;
}

/** Grows a tree by the Gini index (Breiman, Friedman, Olshen, Stone: Classification and Regression Trees, 1984). */
export function growTree(task: TreeTask, members: readonly number[], depth: number): Tree {
  const counts = countLabels(task, members);
  const label = counts.indexOf(Math.max(...counts));
  const share = Number((((counts[label] ?? 0) + 1) / (members.length + task.classes)).toFixed(3));
  const leaf = { label, n: members.length, share };
  if (depth === 0 || counts[label] === members.length || members.length < 2 * MIN_LEAF) return leaf;
  const question = bestQuestion(task, members, counts);
  if (question === undefined) return leaf;
  const isYes = (member: number): boolean => asks(question, task.rows[member] ?? []);
  const yes = growTree(task, members.filter(isYes), depth - 1);
  const no = growTree(
    task,
    members.filter((member) => !isYes(member)),
    depth - 1,
  );
  if ('label' in yes && 'label' in no && yes.label === no.label) return leaf;
  return { question, n: members.length, yes, no };
}

function countLabels(task: TreeTask, members: readonly number[]): number[] {
  const counts = Array.from<number>({ length: task.classes }).fill(0);
  for (const member of members) {
    const label = task.truth[member] ?? 0;
    counts[label] = (counts[label] ?? 0) + 1;
  }
  return counts;
}

/** Sum of squared counts by size: the larger, the purer. */
function purity(counts: readonly number[], size: number): number {
  return size === 0 ? 0 : counts.reduce((sum, count) => sum + count * count, 0) / size;
}

function bestQuestion(task: TreeTask, members: readonly number[], counts: readonly number[]): Question | undefined {
  let best: Question | undefined;
  let bestPurity = purity(counts, members.length) + 1e-9;
  const offer = (question: Question, yes: readonly number[], size: number): void => {
    if (size < MIN_LEAF || members.length - size < MIN_LEAF) return;
    const no = counts.map((count, label) => count - (yes[label] ?? 0));
    const value = purity(yes, size) + purity(no, members.length - size);
    if (value <= bestPurity) return;
    bestPurity = value;
    best = question;
  };
  for (const [column, { kind }] of task.columns.entries()) {
    if (kind === 'number') offerCuts(task, members, column, offer);
    const byValue = new Map<Cell, number[]>();
    for (const member of members) {
      const cell = task.rows[member]?.[column] ?? null;
      if (kind === 'number' && cell !== null) continue;
      const list = byValue.get(cell);
      if (list === undefined) byValue.set(cell, [member]);
      else list.push(member);
    }
    for (const [cell, list] of byValue) {
      const question: Question | undefined =
        cell === null ? { kind: 'empty', column } : typeof cell === 'number' ? undefined : { kind: 'is', column, value: cell };
      if (question !== undefined) offer(question, countLabels(task, list), list.length);
    }
  }
  return best;
}

/** Offers every cut between two neighbouring values of a column. */
function offerCuts(
  task: TreeTask,
  members: readonly number[],
  column: number,
  offer: (question: Question, yes: readonly number[], size: number) => void,
): void {
  const cells = members
    .map((member) => ({ value: task.rows[member]?.[column] ?? null, label: task.truth[member] ?? 0 }))
    .filter((cell): cell is { value: number; label: number } => typeof cell.value === 'number')
    .sort((a, b) => a.value - b.value);
  const yes = Array.from<number>({ length: task.classes }).fill(0);
  for (const [at, { value, label }] of cells.entries()) {
    yes[label] = (yes[label] ?? 0) + 1;
    const next = cells[at + 1]?.value;
    if (next === undefined || next === value) continue;
    const middle = Number(((value + next) / 2).toPrecision(6));
    offer({ kind: 'at_most', column, value: middle >= value && middle < next ? middle : value }, yes, at + 1);
  }
}
