/** Scripts that are told apart, each with its letters. */
const SCRIPTS: readonly (readonly [string, RegExp])[] = [
  'Latin',
  'Cyrillic',
  'Greek',
  'Arabic',
  'Hebrew',
  'Devanagari',
  'Bengali',
  'Tamil',
  'Telugu',
  'Thai',
  'Georgian',
  'Armenian',
  'Hangul',
  'Hiragana',
  'Katakana',
  'Han',
].map((script) => [script, new RegExp(`\\p{Script=${script}}`, 'gu')]);

const CHARACTERS = 2000;

/** The script of most letters of a text: `Other` where it is none of those that are known, `None` for a text without letters. */
export function scriptOf(text: string): string {
  const start = text.slice(0, CHARACTERS);
  const letters = start.match(/\p{L}/gu)?.length ?? 0;
  if (letters === 0) return 'None';
  let best: readonly [string, number] = ['Other', 0];
  let left = letters;
  for (const [script, pattern] of SCRIPTS) {
    const count = start.match(pattern)?.length ?? 0;
    if (count > best[1]) best = [script, count];
    left -= count;
    if (left <= best[1]) break;
  }
  return best[0];
}
