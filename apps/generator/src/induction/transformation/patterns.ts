/** A pattern that pieces may begin and end at. The lower the cost, the rather it is taken. */
export interface Pattern {
  readonly source: string;
  readonly cost: number;
}

const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\\p{L}{0,6}';

/** Dates: pieces that `change-text` can read. */
export const DATE_PATTERNS: readonly Pattern[] = [
  { source: '(?<!\\d)\\d{4}[-/.]\\d{1,2}[-/.]\\d{1,2}(?!\\d)', cost: 1 },
  { source: '(?<!\\d)\\d{1,2}[-/.]\\d{1,2}[-/.](?:\\d{4}|\\d{2})(?!\\d)', cost: 1 },
  { source: `(?<!\\d)\\d{1,2}\\.? ${MONTH}\\.?,? \\d{4}(?!\\d)`, cost: 1 },
  { source: `(?<!\\p{L})${MONTH}\\.? \\d{1,2},? \\d{4}(?!\\d)`, cost: 1 },
];

/** A number, with or without signs between its thousands. */
const AMOUNT = "(?:[-+]?\\d{1,3}(?:[.,'’ ]\\d{3}){1,5}(?:[.,]\\d{1,6})?(?!\\d)|[-+]?\\d{1,15}(?:[.,]\\d{1,6})?)";

/**
 * Every pattern is a run of one class of characters, or a sequence with counts that have an upper bound in which neighbours share no
 * character: matching takes time in proportion to the text, whatever the text is.
 */
export const PATTERNS: readonly Pattern[] = [
  { source: '\\S+', cost: 1 },
  { source: '[\\p{L}\\p{M}]+', cost: 1 },
  { source: '\\d+', cost: 1 },
  { source: '[\\p{L}\\p{M}\\p{N}]+', cost: 1.2 },
  { source: '\\p{Lu}+', cost: 1.5 },
  { source: '\\p{Lu}[\\p{Ll}\\p{M}]+', cost: 1.4 },
  { source: '\\s+', cost: 1.1 },
  { source: AMOUNT, cost: 1.3 },
  { source: '[\\p{L}\\p{N}._%+-]{1,64}@[\\p{L}\\p{N}-]{1,63}(?:\\.[\\p{L}\\p{N}-]{1,63}){1,4}', cost: 1.3 },
  ...DATE_PATTERNS,
];

/** Signs that may separate parts of a text. */
const SEPARATORS = /[^\p{L}\p{M}\p{N}\s]/gu;
/** Most separators, literal words and shapes that are taken from the examples. */
const MOST = 10;

/** A literal as a pattern. */
function literalPattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/gu, (sign) => `\\x${sign.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** The signs and the words that all of the texts have, as patterns. */
export function literalPatterns(texts: readonly string[]): Pattern[] {
  const [first = '', ...rest] = texts.toSorted((a, b) => a.length - b.length);
  const isCommon = (piece: string): boolean => rest.every((text) => text.includes(piece));
  const signs = [...new Set(first.match(SEPARATORS) ?? [])].filter(isCommon);
  const words = [...new Set(first.match(/[\p{L}\p{M}]{2,}[:=#]? ?/gu) ?? [])].filter((word) => rest.length > 0 && isCommon(word));
  return [
    ...signs.slice(0, MOST).map((sign) => ({ source: literalPattern(sign), cost: 1.1 })),
    ...words.slice(0, MOST).map((word) => ({ source: literalPattern(word), cost: 1.4 })),
    ...words.slice(0, MOST_CONTEXTS).flatMap((word) => inContext(literalPattern(word.trimEnd()))),
  ];
}

/** Words that are looked at as neighbours of what is to be found. */
const MOST_CONTEXTS = 5;

/** A number or whatever stands right before or after a word. */
function inContext(word: string): Pattern[] {
  return [
    { source: `${AMOUNT}(?=\\s?${word})`, cost: 1.5 },
    { source: `(?<=${word}\\s?)${AMOUNT}`, cost: 1.5 },
    { source: `(?<=${word}\\s?)(?!\\s)\\S+`, cost: 1.6 },
  ];
}

/** Classes of characters from fine to coarse, by which the shape of an output is told. */
const LEVELS: readonly (readonly [name: RegExp, source: string])[][] = [
  [
    [/\p{Lu}/u, '\\p{Lu}'],
    [/[\p{Ll}\p{M}]/u, '[\\p{Ll}\\p{M}]'],
    [/\d/u, '\\d'],
  ],
  [
    [/[\p{L}\p{M}]/u, '[\\p{L}\\p{M}]'],
    [/\d/u, '\\d'],
  ],
  [[/[\p{L}\p{M}\p{N}]/u, '[\\p{L}\\p{M}\\p{N}]']],
];
/** Different shapes that one pattern may join. */
const MOST_SHAPES = 3;
/** Longest run of one class in a shape. */
const MOST_RUN = 200;

interface Run {
  readonly source: string;
  low: number;
  high: number;
}

/**
 * The shape that the outputs have in common, as a pattern: `INV-0042` and `INV-117` give three capitals, a dash, three or four digits, with no letter
 * or digit before or after. `undefined` when they have too many shapes or are too long.
 */
export function shapePattern(outputs: readonly string[]): Pattern | undefined {
  for (const classes of LEVELS) {
    const shapes = new Map<string, Run[]>();
    for (const output of outputs) {
      const runs = runsOf(output, classes);
      const key = runs.map(({ source }) => source).join('');
      const known = shapes.get(key);
      if (known === undefined) shapes.set(key, runs);
      else
        for (const [at, run] of runs.entries()) {
          const merged = known[at];
          if (merged !== undefined) [merged.low, merged.high] = [Math.min(merged.low, run.low), Math.max(merged.high, run.high)];
        }
      if (shapes.size > MOST_SHAPES) break;
    }
    const all = [...shapes.values()];
    if (all.length > MOST_SHAPES || all.some((runs) => runs.length > 12 || runs.some(({ high }) => high > MOST_RUN))) continue;
    const sources = all.map((runs) => runs.map(countedRun).join(''));
    return {
      source: `(?<![\\p{L}\\p{N}])(?:${sources.sort((a, b) => b.length - a.length).join('|')})(?![\\p{L}\\p{N}])`,
      cost: 1.6,
    };
  }
  return undefined;
}

/** A run with its counts. One whose length differs among the examples may be shorter and up to twice as long in others. */
function countedRun({ source, low, high }: Run): string {
  if (low === high) return high === 1 ? source : `${source}{${high}}`;
  return `${source}{1,${Math.min(MOST_RUN, 2 * high)}}`;
}

function runsOf(text: string, classes: readonly (readonly [RegExp, string])[]): Run[] {
  const runs: Run[] = [];
  for (const character of text) {
    const source = classes.find(([isOne]) => isOne.test(character))?.[1] ?? literalPattern(character);
    const last = runs.at(-1);
    if (last?.source === source) [last.low, last.high] = [last.low + 1, last.high + 1];
    else runs.push({ source, low: 1, high: 1 });
  }
  return runs;
}
