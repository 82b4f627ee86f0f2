import type { Json } from '@loopwright/protocol';
import { LIMITS } from '../limits.ts';
import type { Column } from '../program/table-cells.ts';
import type { Field } from './input-kind.ts';

/** Cuts of a number column: at most this many, at its quantiles. */
const MAX_CUTS = 9;

/** Measures the columns on the training part: mean, deviation and quantiles of numbers, the values of categories that occur twice. */
export function measureColumns(fields: readonly Field[], inputs: readonly Json[]): Column[] {
  return fields.map((field): Column => {
    const cells = inputs.map((input) => (input as Record<string, Json>)[field.name] ?? null).filter((cell) => cell !== null);
    if (field.kind === 'boolean') return { name: field.name, kind: 'boolean' };
    if (field.kind === 'category') return { name: field.name, kind: 'category', values: frequent(cells.map(String)) };
    return { name: field.name, kind: 'number', ...spread(cells.map(Number)) };
  });
}

function frequent(values: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count > 1)
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, LIMITS.maxCategories)
    .map(([value]) => value);
}

function spread(values: readonly number[]): { mean: number; deviation: number; cuts: number[] } {
  const sorted = values.toSorted((a, b) => a - b);
  const mean = round(values.reduce((sum, value) => sum + value / values.length, 0));
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2 / values.length, 0);
  const cuts = new Set<number>();
  for (let part = 1; part <= MAX_CUTS; part += 1) {
    const at = Math.floor((part * sorted.length) / (MAX_CUTS + 1));
    const [left, right] = [sorted[at - 1], sorted[at]];
    if (left !== undefined && right !== undefined) cuts.add(left === right ? left : round((left + right) / 2));
  }
  const largest = sorted.at(-1) ?? 0;
  return { mean, deviation: round(Math.sqrt(variance)) || 1, cuts: [...cuts].filter((cut) => cut < largest) };
}

/** Six digits are enough to compare with, and readable. Huge values (the sum overflows) count as 0. */
function round(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(6)) : 0;
}
