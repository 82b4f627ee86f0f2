import { changeText } from './change-text.ts';

/**
 * A place in a text: a number of characters from its start, or (below 0: -1 is the end) from its end; the start or end of the nth match of a pattern
 * (below 0: from the last); or, for the end of a piece, the start or end of the first match at or after the piece's start.
 */
export type Place =
  | { readonly kind: 'index'; readonly at: number }
  | { readonly kind: 'match'; readonly pattern: string; readonly nth: number; readonly side: 'start' | 'end' }
  | { readonly kind: 'next'; readonly pattern: string; readonly side: 'start' | 'end' };

/** A part of an output: a constant, or a piece of one of the texts of the input, changed. */
export type Part =
  | { readonly kind: 'constant'; readonly text: string }
  | { readonly kind: 'piece'; readonly source: number; readonly from: Place; readonly to: Place; readonly change: string };

/** Ways to make an output, each a list of parts that are joined; the first all of whose parts can be found is taken. */
export type Recipe = readonly (readonly Part[])[];

/** Where patterns match in the texts of one input; found once for all parts. */
export interface Matches {
  readonly texts: readonly string[];
  readonly find: (source: number, pattern: string) => readonly (readonly [start: number, end: number])[];
}

/** Prepares the texts of an input. At most 200 matches of a pattern are looked at. */
export function openMatches(texts: readonly string[]): Matches {
  const known = new Map<string, [number, number][]>();
  return {
    texts,
    find: (source, pattern) => {
      const key = `${source} ${pattern}`;
      const before = known.get(key);
      if (before !== undefined) return before;
      const found: [number, number][] = [];
      for (const match of (texts[source] ?? '').matchAll(new RegExp(pattern, 'gu'))) {
        found.push([match.index, match.index + match[0].length]);
        if (found.length === 200) break;
      }
      known.set(key, found);
      return found;
    },
  };
}

/** The number of characters before a place; -1 when there is no such place. */
export function findPlace(matches: Matches, source: number, place: Place, from: number): number {
  const length = (matches.texts[source] ?? '').length;
  if (place.kind === 'index') {
    const at = place.at < 0 ? length + 1 + place.at : place.at;
    return at >= 0 && at <= length ? at : -1;
  }
  const found = matches.find(source, place.pattern);
  const match = place.kind === 'next' ? found.find(([start]) => start >= from) : found.at(place.nth);
  return match === undefined ? -1 : match[place.side === 'start' ? 0 : 1];
}

/** The text of a part; `undefined` when it cannot be found. */
export function partText(part: Part, matches: Matches): string | undefined {
  if (part.kind === 'constant') return part.text;
  const start = findPlace(matches, part.source, part.from, 0);
  if (start < 0) return undefined;
  const end = findPlace(matches, part.source, part.to, start);
  return end <= start ? undefined : changeText((matches.texts[part.source] ?? '').slice(start, end), part.change);
}

/** What a recipe makes of an input; `undefined` when none of its ways can be gone. */
export function applyRecipe(recipe: Recipe, matches: Matches): string | undefined {
  for (const parts of recipe) {
    const texts = parts.map((part) => partText(part, matches));
    if (texts.every((text) => text !== undefined)) return texts.join('');
  }
  return undefined;
}
