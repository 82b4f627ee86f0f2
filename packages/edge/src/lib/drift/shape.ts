import type { Json, Random } from '@loopwright/protocol';
import { z } from 'zod';
import { type Leaf, leavesOf, profileText } from './features.ts';
import { binOf } from './sketches.ts';

/** Fields that are watched. */
const FIELDS = 64;
const CATEGORIES = 32;
const CATEGORY_CHARACTERS = 64;
const VOCABULARY = 5000;
const WORD_BUCKETS = 32;
const OTHER = '(other)';

const fieldSchema = z.object({
  path: z.string(),
  role: z.enum(['number', 'category', 'text']),
  /** Of a category: its values. */
  categories: z.array(z.string()).max(CATEGORIES),
  /** Of a text: hashes of the words that are known. */
  vocabulary: z.array(z.number()).max(VOCABULARY),
});

/** {@link Shape} as JSON. */
export const shapeSchema = z.array(fieldSchema).max(FIELDS);

/** A measured value: its key is `path|aspect`. */
export interface Feature {
  readonly key: string;
  readonly bin: number | string;
}

/** What a drift watch sees of an execution. */
export interface Seen {
  readonly input: Json;
  /** `null` when the program failed. */
  readonly output: Json;
  readonly slice: string;
  readonly status: string;
}

type Field = z.infer<typeof fieldSchema>;
interface KnownField extends Pick<Field, 'role'> {
  readonly categories: ReadonlySet<string>;
  readonly vocabulary: ReadonlySet<number>;
}

/**
 * Which fields a program's inputs and outputs have, and what is measured of each. It is learned from the first records and fixed then: the same records must not
 * choose the categories and be counted in them, or the reference would look better than it is.
 */
export class Shape {
  readonly #fields: ReadonlyMap<string, KnownField>;
  readonly #json: Field[];

  constructor(fields: readonly Field[]) {
    this.#json = [...fields];
    this.#fields = new Map(
      fields.map(({ path, role, categories, vocabulary }) => [
        path,
        { role, categories: new Set(categories), vocabulary: new Set(vocabulary) },
      ]),
    );
  }

  /** Learns it from records. */
  static learn(records: readonly Seen[]): Shape {
    const byPath = new Map<string, Leaf[]>();
    for (const record of records)
      for (const leaf of leavesIn(record)) {
        const leaves = byPath.get(leaf.path);
        if (leaves !== undefined) leaves.push(leaf);
        else if (byPath.size < FIELDS) byPath.set(leaf.path, [leaf]);
      }
    return new Shape([...byPath].map(([path, leaves]) => fieldOf(path, leaves)));
  }

  toJson(): Field[] {
    return this.#json;
  }

  /** Everything that is measured of a record. */
  featuresOf(seen: Seen, random: Random): Feature[] {
    const features: Feature[] = [
      { key: 'slice|share', bin: seen.slice },
      { key: 'status|share', bin: seen.status },
    ];
    const missing = new Set(this.#fields.keys());
    let unknown = 0;
    for (const leaf of leavesIn(seen)) {
      const field = this.#fields.get(leaf.path);
      if (field === undefined) unknown += 1;
      else if (missing.delete(leaf.path)) {
        features.push({ key: `${leaf.path}|type`, bin: leaf.kind });
        measure(leaf, field, random, features);
      }
    }
    for (const path of missing)
      if (seen.status === 'success' || path.startsWith('input')) features.push({ key: `${path}|type`, bin: '(missing)' });
    features.push({ key: 'fields that were not there before|share', bin: unknown > 0 ? 'some' : 'none' });
    return features;
  }
}

function leavesIn({ input, output, status }: Seen): Leaf[] {
  const leaves = leavesOf(input, 'input', FIELDS * 2);
  return status === 'success' ? [...leaves, ...leavesOf(output, 'output', FIELDS)] : leaves;
}

function fieldOf(path: string, leaves: readonly Leaf[]): Field {
  const counts = new Map<Leaf['kind'], number>();
  for (const { kind } of leaves) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const [most] = [...counts].sort(([, one], [, other]) => other - one);
  const kind = most?.[0] ?? 'null';
  const none = { path, categories: [], vocabulary: [] };
  if (kind === 'number' || kind === 'list' || kind === 'object') return { ...none, role: 'number' };
  const texts = leaves.flatMap(({ value }) => (typeof value === 'string' ? [value] : []));
  const distinct = new Set(texts);
  // Values that come again and again are categories, whatever they say.
  const isCategory = distinct.size <= CATEGORIES && [...distinct].every((text) => text.length <= CATEGORY_CHARACTERS);
  if (isCategory && distinct.size <= texts.length / 3) return { ...none, role: 'category', categories: [...distinct] };
  const words = new Set<number>();
  for (const text of texts) for (const word of profileText(text).words) if (words.size < VOCABULARY) words.add(word);
  return { ...none, role: 'text', vocabulary: [...words] };
}

function measure(leaf: Leaf, { role, categories, vocabulary }: KnownField, random: Random, into: Feature[]): void {
  const { path, kind, value } = leaf;
  const add = (aspect: string, bin: number | string): void => void into.push({ key: `${path}|${aspect}`, bin });
  if (role === 'number') {
    if (typeof value === 'number') add(kind === 'number' ? 'value' : 'length', binOf(value));
  } else if (role === 'category') {
    const text = String(value);
    add('value', categories.has(text) ? text : OTHER);
  } else if (typeof value === 'string') {
    const { length, capitals, digits, marks, foreign, words } = profileText(value);
    add('length', binOf(length));
    for (const [aspect, share] of Object.entries({ capitals, digits, marks, foreign })) add(aspect, binOf(share));
    if (words.length === 0) return;
    const unseen = words.filter((word) => !vocabulary.has(word)).length;
    add('new words', binOf(unseen / words.length));
    // One word of each text: the words of one text depend on each other, and a test takes what it counts to be independent.
    const word = words[Math.floor(random.next() * words.length)] ?? 0;
    add('words', `#${(word ^ (word >>> 16)) % WORD_BUCKETS}`);
  }
}
