import type { Random } from '@loopwright/protocol';
import type { Sample } from '../read/read-examples.ts';

/** Puts the members of an array in random order, in place (Fisher–Yates). */
export function shuffle<Item>(items: Item[], random: Random): Item[] {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random.next() * (last + 1));
    const [a, b] = [items[last] as Item, items[other] as Item];
    items[last] = b;
    items[other] = a;
  }
  return items;
}

/**
 * Divides samples into parts of about equal size and equal shares of the labels; a group of similar inputs is never
 * divided. Returns the part of each sample. A label with one group is in part 0 only, one with two groups in parts 0 and 1.
 */
export function stratifiedParts(samples: readonly Sample[], parts: number, random: Random): number[] {
  const groups = new Map<string, number[]>();
  for (const [index, sample] of samples.entries()) {
    const members = groups.get(sample.group);
    if (members === undefined) groups.set(sample.group, [index]);
    else members.push(index);
  }
  const byLabel = new Map<number, number[][]>();
  for (const members of groups.values()) {
    const label = samples[members[0] ?? 0]?.label ?? 0;
    const list = byLabel.get(label);
    if (list === undefined) byLabel.set(label, [members]);
    else list.push(members);
  }
  const assigned = Array.from<number>({ length: samples.length }).fill(0);
  for (const [, list] of [...byLabel].sort(([a], [b]) => a - b)) {
    shuffle(list, random);
    const sizes = Array.from<number>({ length: parts }).fill(0);
    for (const members of list) {
      const smallest = sizes.indexOf(Math.min(...sizes));
      sizes[smallest] = (sizes[smallest] ?? 0) + members.length;
      for (const member of members) assigned[member] = smallest;
    }
  }
  return assigned;
}
