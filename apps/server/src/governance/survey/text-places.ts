import { SURVEY_LIMITS } from './limits.ts';
import type { Found, Place } from './survey.ts';

/** Gathers what is found in one file: all are counted, the first ones are kept. */
export class Places {
  readonly #places: Place[] = [];
  #total = 0;

  add(line: number, message: string): void {
    this.#total += 1;
    if (this.#places.length < SURVEY_LIMITS.findingsPerFile) this.#places.push({ line, message: message.slice(0, 300) });
  }

  found(): Found {
    return { total: this.#total, places: this.#places };
  }
}

/** Nothing found. */
export const NOTHING: Found = { total: 0, places: [] };

/** Gives the line, from 1, in which an offset of a text is. */
export function lineFinder(text: string): (offset: number) => number {
  const starts: number[] = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}
