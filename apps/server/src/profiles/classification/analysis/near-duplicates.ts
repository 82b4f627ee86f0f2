import { tokensOf } from './tokens.ts';

/** Texts that are nearly the same. */
export interface NearDuplicates {
  /** Texts that are nearly the same as another one that is not the same to the letter. */
  readonly texts: number;
  /** Pairs of texts by their places; at most {@link MOST_PAIRS}. */
  readonly pairs: readonly (readonly [number, number])[];
  /** Texts that were compared. */
  readonly compared: number;
}

/** Share of three-word sequences that two texts must have in common. */
const NEAR_SHARE = 0.8;
const MOST_PAIRS = 100_000;
const MOST_TEXTS = 50_000;
/** Comparisons of one text with others of its bucket: more than these are copies of the same template. */
const MOST_IN_BUCKET = 50;
const HASHES = 24;
const ROWS = 4;
const SEQUENCE = 3;

/**
 * Finds pairs of different texts that share {@link NEAR_SHARE} of their three-word sequences, by MinHash (A. Broder, 1997): those that agree in a band of hashes are compared exactly. A pair with
 * exactly that share is found with a probability of 95 %, one with more nearly always. Texts of less than five words count as near when their words are the same. At most 50,000 texts are compared.
 */
export function nearDuplicates(texts: readonly string[]): NearDuplicates {
  const compared = texts.slice(0, MOST_TEXTS);
  const sequences = compared.map(sequencesOf);
  const buckets = new Map<string, number[]>();
  const pairs: [number, number][] = [];
  const near = new Set<number>();
  for (const [place, own] of sequences.entries()) {
    const seen = new Set<number>();
    for (const key of bandsOf(own)) {
      const bucket = buckets.get(key) ?? [];
      for (const other of bucket) {
        if (seen.has(other)) continue;
        seen.add(other);
        if (compared[other] === compared[place] || shared(own, sequences[other] ?? new Set()) < NEAR_SHARE) continue;
        near.add(place).add(other);
        if (pairs.length < MOST_PAIRS) pairs.push([other, place]);
      }
      if (bucket.length < MOST_IN_BUCKET) bucket.push(place);
      buckets.set(key, bucket);
    }
  }
  return { texts: near.size, pairs, compared: compared.length };
}

function sequencesOf(text: string): Set<number> {
  const words = tokensOf(text);
  if (words.length < SEQUENCE + 2) return new Set([hash(words.join(' '))]);
  return new Set(words.slice(SEQUENCE - 1).map((_, start) => hash(words.slice(start, start + SEQUENCE).join(' '))));
}

/** One key for each band of the signature. */
function bandsOf(sequences: ReadonlySet<number>): string[] {
  const signature = Array.from({ length: HASHES }, (_, which) => {
    let least = 0xffffffff;
    for (const sequence of sequences) {
      const mixed = Math.imul(sequence ^ (which * 0x9e3779b1), 0x85ebca6b) >>> 0;
      const value = (mixed ^ (mixed >>> 13)) >>> 0;
      if (value < least) least = value;
    }
    return least;
  });
  return Array.from(
    { length: HASHES / ROWS },
    (_, band) => `${band}:${signature.slice(band * ROWS, (band + 1) * ROWS).join(',')}`,
  );
}

function shared(one: ReadonlySet<number>, other: ReadonlySet<number>): number {
  let both = 0;
  for (const sequence of one) if (other.has(sequence)) both += 1;
  return both / (one.size + other.size - both);
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return value;
}
