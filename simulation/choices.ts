import { seededRandom } from '@loopwright/protocol';

/** Where a plan's decisions come from: a whole number in [0, count). */
export type Choose = (count: number) => number;

/** Decisions from a seed: equal seeds give equal plans. */
export function chooseBySeed(seed: number): Choose {
  const random = seededRandom(seed);
  return (count) => Math.floor(random.next() * count);
}

/** Decisions from a list of numbers, 0 when it has ended: a shorter list with smaller numbers is a simpler plan. */
export function chooseByTape(tape: readonly number[]): Choose {
  const rest = tape[Symbol.iterator]();
  return (count) => (rest.next().value ?? 0) % count;
}

/** One of several. */
export function oneOf<const T>(choose: Choose, ...values: readonly [T, ...T[]]): T {
  return values[choose(values.length)] ?? values[0];
}
