import { z } from 'zod';

/** Values in one bin differ by this share of their size at the most. */
const RELATIVE_WIDTH = 0.02;
const LOG_GAMMA = Math.log(1 + RELATIVE_WIDTH);
/** What is smaller counts as 0. */
const SMALLEST = 1e-9;
/** Bins are numbered so that those of negative numbers come before those of positive ones. */
const OFFSET = Math.ceil(-Math.log(SMALLEST) / LOG_GAMMA) + 1;

/** The bin of a number: one for 0, and on both sides bins whose bounds grow by 2 %. */
export function binOf(value: number): number {
  const size = Math.min(Math.abs(value), Number.MAX_VALUE);
  if (!(size >= SMALLEST)) return 0;
  const bin = Math.floor(Math.log(size) / LOG_GAMMA) + OFFSET;
  return value < 0 ? -bin : bin;
}

/** About the numbers in a bin. */
export function valueOfBin(bin: number): number {
  if (bin === 0) return 0;
  return Math.sign(bin) * Math.exp((Math.abs(bin) - OFFSET + 0.5) * LOG_GAMMA);
}

/** Counts by bin or category. Two can be added. */
export type Counts = Map<number | string, number>;

/** {@link Counts} as JSON. */
export const countsSchema = z.array(z.tuple([z.union([z.number(), z.string()]), z.number().positive()])).max(20_000);

/** Counts one. */
export function count(counts: Counts, key: number | string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** How many were counted. */
export function totalOf(counts: Counts): number {
  let total = 0;
  for (const value of counts.values()) total += value;
  return total;
}
