/** One line of a comparison: in both, only in the old text, or only in the new one; numbers count from 1. */
export interface DiffLine {
  readonly kind: 'same' | 'removed' | 'added';
  readonly text: string;
  readonly oldNumber: number | null;
  readonly newNumber: number | null;
}

/** Beyond so many changed lines the middle is shown as replaced as a whole: the search grows with their square. */
const EDITS_MAX = 800;

/** The shortest way from one text to another, line by line (Myers' search). */
export function diffLines(before: string, after: string): DiffLine[] {
  const a = linesOf(before);
  const b = linesOf(after);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const middleA = a.slice(start, a.length - end);
  const middleB = b.slice(start, b.length - end);
  const steps = [
    ...a.slice(0, start).map(() => 'same' as const),
    ...shortestEdit(middleA, middleB),
    ...a.slice(a.length - end).map(() => 'same' as const),
  ];
  let oldAt = 0;
  let newAt = 0;
  return steps.map((kind) => {
    const text = (kind === 'added' ? b[newAt] : a[oldAt]) ?? '';
    const oldNumber = kind === 'added' ? null : ++oldAt;
    const newNumber = kind === 'removed' ? null : ++newAt;
    return { kind, text, oldNumber, newNumber };
  });
}

/** Lines that did not change far from those that did, folded into one. */
export type Folded = DiffLine | { readonly kind: 'fold'; readonly count: number };

/** Keeps `context` unchanged lines around each change. */
export function foldSame(lines: readonly DiffLine[], context = 3): Folded[] {
  const near = new Set<number>();
  for (const [at, { kind }] of lines.entries())
    if (kind !== 'same') for (let by = -context; by <= context; by++) near.add(at + by);
  const folded: Folded[] = [];
  for (const [at, line] of lines.entries()) {
    const last = folded.at(-1);
    if (near.has(at)) folded.push(line);
    else if (last?.kind === 'fold') folded[folded.length - 1] = { kind: 'fold', count: last.count + 1 };
    else folded.push({ kind: 'fold', count: 1 });
  }
  return folded;
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

type Step = DiffLine['kind'];

function shortestEdit(a: readonly string[], b: readonly string[]): Step[] {
  const furthest = new Map<number, number>([[1, 0]]);
  const trace: ReadonlyMap<number, number>[] = [];
  const reach = (k: number): number => furthest.get(k) ?? -1;
  for (let d = 0; d <= Math.min(a.length + b.length, EDITS_MAX); d++) {
    trace.push(new Map(furthest));
    for (let k = -d; k <= d; k += 2) {
      let x = k === -d || (k !== d && reach(k - 1) < reach(k + 1)) ? reach(k + 1) : reach(k - 1) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      furthest.set(k, x);
      if (x >= a.length && x - k >= b.length) return backtrack(trace, a.length, b.length);
    }
  }
  return [...a.map(() => 'removed' as const), ...b.map(() => 'added' as const)];
}

function backtrack(trace: readonly ReadonlyMap<number, number>[], lengthA: number, lengthB: number): Step[] {
  const steps: Step[] = [];
  let x = lengthA;
  let y = lengthB;
  for (let d = trace.length - 1; d >= 0; d--) {
    const reach = (k: number): number => trace[d]?.get(k) ?? -1;
    const k = x - y;
    const from = k === -d || (k !== d && reach(k - 1) < reach(k + 1)) ? k + 1 : k - 1;
    const fromX = Math.max(0, reach(from));
    const fromY = fromX - from;
    while (x > fromX && y > fromY && x > 0 && y > 0) {
      steps.push('same');
      x--;
      y--;
    }
    if (d > 0) steps.push(from === k + 1 ? 'added' : 'removed');
    x = fromX;
    y = fromY;
  }
  return steps.toReversed();
}
