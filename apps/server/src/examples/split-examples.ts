import { canonicalJson, type LabelledExample, seededRandom } from '@loopwright/protocol';
import { labelOf } from './profile-examples.ts';

/** How to split. */
export interface SplitOptions {
  /** Share of each class that is held out, from 0 to below 1. 0.2 when left out. */
  readonly holdout?: number;
  /** Equal seeds and examples give equal splits. 1 when left out. */
  readonly seed?: number;
  /** Whether outputs are labels: each of them then has its share on both sides. `true` when left out. */
  readonly byClass?: boolean;
}

/** Both sides of a split, each in the order of the examples. */
export interface ExampleSplit {
  readonly train: readonly LabelledExample[];
  readonly holdout: readonly LabelledExample[];
}

/**
 * Splits examples class by class, or all together where outputs are no labels. Equal inputs stay on one side, whatever their outputs, or a program could be tested on what it
 * was taught. Every class keeps at least one example for training, so that a class of one is never held out, and a set in
 * which every label is its own class has an empty hold-out.
 */
export function splitExamples(examples: readonly LabelledExample[], options: SplitOptions = {}): ExampleSplit {
  const share = options.holdout ?? 0.2;
  if (!(share >= 0 && share < 1)) throw new RangeError(`Cannot hold out a share of ${share}: it must be from 0 to below 1`);
  const classOf = ({ output }: LabelledExample): string => (options.byClass === false ? '' : labelOf(output));
  const groups = Map.groupBy(
    examples.map((example, index) => ({ index, label: classOf(example), key: canonicalJson(example.input) })),
    (entry) => entry.key,
  );
  const byClass = Map.groupBy(groups.values(), (group) => group[0]?.label ?? '');
  const left = countBy(examples.map(classOf));
  const random = seededRandom(options.seed ?? 1);
  const heldOut = new Set<number>();
  for (const label of [...byClass.keys()].sort()) {
    const members = byClass.get(label) ?? [];
    const target = Math.round(share * members.reduce((sum, group) => sum + group.length, 0));
    let taken = 0;
    for (const group of shuffled(members, () => random.next())) {
      const counts = countBy(group.map((entry) => entry.label));
      const keepsEveryClass = [...counts].every(([name, count]) => (left.get(name) ?? 0) - count >= 1);
      if (taken + group.length > target || !keepsEveryClass) continue;
      taken += group.length;
      for (const [name, count] of counts) left.set(name, (left.get(name) ?? 0) - count);
      for (const { index } of group) heldOut.add(index);
    }
  }
  return {
    train: examples.filter((_, index) => !heldOut.has(index)),
    holdout: examples.filter((_, index) => heldOut.has(index)),
  };
}

function countBy(labels: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}

/** Fisher–Yates. */
function shuffled<T>(items: readonly T[], next: () => number): T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = Math.floor(next() * (last + 1));
    const [a, b] = [result[last], result[other]];
    if (a !== undefined && b !== undefined) {
      result[last] = b;
      result[other] = a;
    }
  }
  return result;
}
