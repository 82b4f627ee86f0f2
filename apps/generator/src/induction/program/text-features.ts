/** How a text is cut into features. */
export interface TextSettings {
  /** Count words, pairs of neighbouring words and the shape of the text. */
  readonly words: boolean;
  /** Count pieces of words of 1 to this many characters; 0 counts none. */
  readonly longestPiece: number;
  /** Characters that are read; what follows is ignored, so that a long text costs no more time. */
  readonly maxCharacters: number;
}

/**
 * Counts what a text is made of: `free` is a word, `call_now` two neighbours, `~fre` a piece of a word (`_` marks an end of it),
 * `#CAPS` a word in capitals, `#0000` a number of four digits, `#length:6` a text of about 2 to the power of 6 characters.
 */
export function textFeatures(text: string, settings: TextSettings): Map<string, number> {
  const counts = new Map<string, number>();
  const clean = text.slice(0, settings.maxCharacters).toWellFormed().normalize('NFC');
  if (settings.words) countWords(clean, counts);
  if (settings.longestPiece > 0) countPieces(clean, settings.longestPiece, counts);
  return counts;
}

/** Counts words and single signs, pairs of neighbours, and the shape of the text. */
function countWords(text: string, counts: Map<string, number>): void {
  let before = '';
  for (const token of text.match(/[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]/gu) ?? []) {
    const word = token.toLowerCase().slice(0, 32);
    count(counts, word);
    const folded = word.replace(/\p{N}/gu, '0');
    if (folded !== word) count(counts, `#${folded}`);
    if (word.length > 1 && token !== token.toLowerCase() && token === token.toUpperCase()) count(counts, '#CAPS');
    if (before !== '') count(counts, `${before}_${folded}`);
    before = folded;
  }
  if (before !== '') count(counts, `#length:${Math.round(Math.log2(text.length))}`);
}

/** Counts the pieces of every word between white space, with digits folded to 0. */
function countPieces(text: string, longest: number, counts: Map<string, number>): void {
  const chunks = text.toLowerCase().replace(/\p{N}/gu, '0').match(/\S+/gu) ?? [];
  for (const chunk of chunks) {
    const word = `_${chunk}_`;
    for (let start = 0; start < word.length; start += 1) {
      if (isSecondHalf(word, start)) continue;
      for (let end = start + 1; end <= word.length && end - start <= longest; end += 1) {
        if (isSecondHalf(word, end)) continue;
        count(counts, `~${word.slice(start, end)}`);
      }
    }
  }
}

/** Whether the character at a place is the second half of a surrogate pair, where no piece may begin or end. */
function isSecondHalf(word: string, place: number): boolean {
  const code = word.charCodeAt(place);
  return code >= 0xdc00 && code <= 0xdfff;
}

/** Adds one to the count of a feature. */
function count(counts: Map<string, number>, feature: string): void {
  counts.set(feature, (counts.get(feature) ?? 0) + 1);
}

/**
 * Whether a text has anything that the weights know: a word or a piece with a letter in it, or any sign when the text has no letters.
 */
export function knowsText(features: ReadonlyMap<string, number>, weights: ReadonlyMap<string, unknown>): boolean {
  let letters = false;
  let signs = false;
  for (const feature of features.keys()) {
    if (feature.startsWith('#')) continue;
    const letter = /\p{L}/u.test(feature);
    const known = weights.has(feature);
    if (letter && known) return true;
    letters ||= letter;
    signs ||= known;
  }
  return signs && !letters;
}
