import { z } from 'zod';

/** Something that the intake demands, with the sentence that says so. Shares are 0 to 1, times milliseconds, sizes bytes. */
export const constraintSchema = z.object({
  id: z.string(),
  kind: z.enum(['accuracy', 'recall', 'precision', 'latency_ms', 'size_bytes', 'unknown_label', 'no_network']),
  /** A least value for shares, a greatest one for times and sizes; `null` where the kind has none. */
  value: z.number().nullable(),
  /** The label for unknown inputs, or the label whose recall or precision is meant as far as the sentence says. */
  label: z.string().nullable(),
  quote: z.string(),
});
type Constraint = z.infer<typeof constraintSchema>;

/** What a text demands, and the sentences with figures that nothing here understands. */
export interface ReadConstraints {
  readonly constraints: readonly Constraint[];
  readonly unread: readonly string[];
}

const MORE = String.raw`(?:at least|minimum(?: of)?|min\.?|more than|over|above|no less than|not less than|not below|reach(?:es)?|target(?: of)?|≥|>=|>|mindestens)`;
const LESS = String.raw`(?:at most|maximum(?: of)?|max\.?|no more than|not more than|less than|fewer than|under|below|within|faster than|smaller than|up to|≤|<=|<|höchstens|unter)`;
const NUMBER = String.raw`(\d{1,9}(?:[.,]\d{1,6})?)`;
const SHARE = new RegExp(`(${MORE}|${LESS})?\\s*${NUMBER}\\s*(?:%|percent\\b|per cent\\b|prozent\\b)`, 'giu');
const UPPER = new RegExp(`^${LESS}$`, 'iu');
const TIME = new RegExp(`(${LESS})\\s*${NUMBER}\\s*(ms|milliseconds?|millisekunden|s|sec|seconds?|sekunden?)\\b`, 'giu');
const SIZE = new RegExp(`(${LESS})\\s*${NUMBER}\\s*(kB|KB|KiB|MB|MiB)\\b`, 'gu');
const UNKNOWN = /\b(?:unknown|unbekannt|none of (?:these|them|the above)|(?:any|some)thing else|neither)\b/iu;
const NO_NETWORK = /\boffline\b|\b(?:no|without(?: an?| the)?) (?:network|internet|cloud)\b/iu;
const FIGURE = /\d/;

/** Longest sentence that is quoted, and most constraints that are taken, from one intake. */
const QUOTE_CHARACTERS = 300;
const LIMIT = 40;

/** Finds what an intake demands: shares, times, sizes, what to answer to the unknown. Only what a sentence says in so many words. */
export function readConstraints(intake: string): ReadConstraints {
  const constraints: Constraint[] = [];
  const unread: string[] = [];
  for (const sentence of sentencesOf(intake)) {
    const quote = sentence.slice(0, QUOTE_CHARACTERS);
    const found = [...sharesIn(sentence), ...timesIn(sentence), ...sizesIn(sentence), ...wordsIn(sentence)];
    for (const constraint of found) constraints.push({ id: `C-${constraints.length + 1}`, ...constraint, quote });
    if (FIGURE.test(sentence) && !found.some(({ value }) => value !== null)) unread.push(quote);
  }
  return { constraints: constraints.slice(0, LIMIT), unread: unread.slice(0, LIMIT) };
}

type Found = Omit<Constraint, 'id' | 'quote'>;

function sentencesOf(text: string): string[] {
  return text
    .slice(0, 100_000)
    .split(/(?<=[.!?;])\s+|\n+/u)
    .map((sentence) => sentence.trim())
    .filter(Boolean);
}

/** A share is one of what the words in its part of the sentence are about; without such a word only a lower bound is one, that of the accuracy. */
function sharesIn(sentence: string): Found[] {
  const clauses = sentence.split(/[,;](?!\d)|\s(?:and|und)\s/iu);
  return clauses.flatMap((clause) =>
    [...clause.matchAll(SHARE)].flatMap(([, bound = '', digits = '']): Found[] => {
      const share = Number(digits.replace(',', '.')) / 100;
      if (!(share >= 0 && share <= 1)) return [];
      const isUpper = UPPER.test(bound);
      const about = clause.toLowerCase();
      if (/\b(?:errors?|mistakes?|wrong|fehler)\b/u.test(about)) return isUpper ? [least('accuracy', 1 - share, null)] : [];
      if (isUpper) return [];
      if (/\b(?:recall|sensitivity|catch(?:es)?|detects?|finds?|miss)\b/u.test(about))
        return [least('recall', share, labelIn(clause))];
      if (/\bprecision\b/u.test(about)) return [least('precision', share, labelIn(clause))];
      return bound !== '' || /accura|correct|right|richtig/u.test(about) ? [least('accuracy', share, null)] : [];
    }),
  );
}

function least(kind: Constraint['kind'], value: number, label: string | null): Found {
  return { kind, value: Number(value.toFixed(6)), label };
}

/** The label that a text puts in quotes, or names after "of". */
function labelIn(text: string): string | null {
  return /["“'‘«]([^"”'’»]{1,60})["”'’»]/u.exec(text)?.[1] ?? /\bof (?:the )?([\p{L}\p{N}_-]{2,60})/u.exec(text)?.[1] ?? null;
}

function timesIn(sentence: string): Found[] {
  return [...sentence.matchAll(TIME)].map(([, , digits = '', unit = '']) => {
    const value = Number(digits.replace(',', '.')) * (/^m/i.test(unit) ? 1 : 1000);
    return { kind: 'latency_ms', value, label: null };
  });
}

function sizesIn(sentence: string): Found[] {
  const factors: Readonly<Record<string, number>> = { kb: 1000, kib: 1024, mb: 1_000_000, mib: 1_048_576 };
  return [...sentence.matchAll(SIZE)].map(([, , digits = '', unit = '']) => ({
    kind: 'size_bytes',
    value: Math.round(Number(digits.replace(',', '.')) * (factors[unit.toLowerCase()] ?? 1)),
    label: null,
  }));
}

function wordsIn(sentence: string): Found[] {
  const found: Found[] = [];
  if (UNKNOWN.test(sentence)) {
    const word = /["“'‘«](unknown|unbekannt|none|other|neither)["”'’»]/iu.exec(sentence)?.[1];
    found.push({ kind: 'unknown_label', value: null, label: word ?? (/unbekannt/iu.test(sentence) ? 'unbekannt' : 'unknown') });
  }
  if (NO_NETWORK.test(sentence)) found.push({ kind: 'no_network', value: null, label: null });
  return found;
}
