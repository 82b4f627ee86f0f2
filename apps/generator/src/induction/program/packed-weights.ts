import type { Weights } from './linear-model.ts';

/** Digits of the packed tables: the printable signs of ASCII without the blank, the quotation mark and the backslash. */
export const PACKED_DIGITS = "!#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~";

/** Steps of a packed weight on each side of 0. */
export const PACKED_STEPS = 31;

/**
 * Reads a packed table: lines of features and codes in turn, separated by blanks. A code has two digits for each class that the feature
 * speaks for or against: the place of the class times 62, plus the step of the weight. Steps are square roots, so that
 * small weights are told apart as well as large ones; the largest has the size `largest`.
 */
export function readPackedWeights(lines: readonly string[], largest: number): Weights {
  const weights = new Map<string, readonly number[]>();
  for (const line of lines) {
    const words = line.split(' ');
    for (let at = 0; at + 1 < words.length; at += 2) weights.set(words[at] ?? '', readCodes(words[at + 1] ?? '', largest));
  }
  return weights;
}

/** Classes and weights in turn. */
function readCodes(codes: string, largest: number): number[] {
  const known: number[] = [];
  for (let at = 0; at + 1 < codes.length; at += 2) {
    const code = PACKED_DIGITS.indexOf(codes.charAt(at)) * PACKED_DIGITS.length + PACKED_DIGITS.indexOf(codes.charAt(at + 1));
    const step = code % (2 * PACKED_STEPS);
    const signed = step < PACKED_STEPS ? step - PACKED_STEPS : step - PACKED_STEPS + 1;
    known.push(
      Math.floor(code / (2 * PACKED_STEPS)),
      (Math.sign(signed) * largest * signed * signed) / (PACKED_STEPS * PACKED_STEPS),
    );
  }
  return known;
}
