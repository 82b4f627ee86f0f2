import { type Json, type LabelledExample, canonicalJson } from '@loopwright/protocol';
import { labelOf } from '../../../examples/profile-examples.ts';
import type { FieldFacts } from './data-facts.ts';

const MOST_FIELDS = 500;
/** A field whose values each stand once tells every label and means nothing. */
const REPEATS = 0.5;

/** The fields of tabular inputs in the order of their first appearance. */
export function fieldsOf(examples: readonly LabelledExample[]): FieldFacts[] {
  const names = new Set<string>();
  for (const { input } of examples)
    for (const name of Object.keys(recordOf(input))) if (names.size < MOST_FIELDS) names.add(name);
  return [...names].map((name) => fieldOf(name, examples));
}

function fieldOf(name: string, examples: readonly LabelledExample[]): FieldFacts {
  const types = new Set<string>();
  const byValue = new Map<string, Map<string, number>>();
  let missing = 0;
  for (const { input, output } of examples) {
    const record = recordOf(input);
    const value = Object.hasOwn(record, name) ? (record[name] ?? null) : null;
    if (value === null || value === '') missing += 1;
    else types.add(typeof value);
    const counts = byValue.get(canonicalJson(value)) ?? new Map<string, number>();
    byValue.set(canonicalJson(value), counts.set(labelOf(output), (counts.get(labelOf(output)) ?? 0) + 1));
  }
  const told = [...byValue.values()].reduce((sum, counts) => sum + Math.max(...counts.values()), 0);
  const share = examples.length === 0 ? 0 : told / examples.length;
  return {
    name,
    type: typeFrom(types),
    missing,
    distinct: byValue.size,
    tells_label: share,
    leaks: share === 1 && byValue.size <= REPEATS * examples.length,
  };
}

function typeFrom(types: ReadonlySet<string>): FieldFacts['type'] {
  const [only, ...more] = types;
  if (only === undefined) return 'empty';
  if (more.length > 0) return 'mixed';
  return only === 'string' ? 'text' : only === 'number' || only === 'boolean' ? only : 'mixed';
}

function recordOf(input: Json): Readonly<Record<string, Json>> {
  return input !== null && typeof input === 'object' && !Array.isArray(input) ? input : {};
}
