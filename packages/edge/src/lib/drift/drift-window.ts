import type { DriftFinding, DriftVerdict, Random } from '@loopwright/protocol';
import { isoTime } from '@loopwright/protocol';
import { z } from 'zod';
import { compareCounts, describeCounts } from './compare-counts.ts';
import type { DriftOptions } from './drift-options.ts';
import type { Seen, Shape } from './shape.ts';
import { holm } from './significance.ts';
import { type Counts, count, countsSchema, totalOf } from './sketches.ts';

/** Inputs of a window that are kept to show, and the largest that is, in characters of JSON. */
const KEPT = 64;
const KEPT_CHARACTERS = 8192;
/** Windows that are this many times as large as they have to be count half of the records, then a quarter … */
const THIN_AT = 4;
const EXAMPLES = 10;

const keptSchema = z.object({ input: z.json(), output: z.json(), slice: z.string(), status: z.string(), at: z.number() });

/** {@link DriftWindow} as JSON. */
export const windowSchema = z.object({
  startedAt: z.number(),
  records: z.int(),
  counts: z.array(z.tuple([z.string(), countsSchema])).max(1000),
  kept: z.array(keptSchema).max(KEPT),
});

/** What was measured of the records of some time, in sketches that can be added. */
export class DriftWindow {
  readonly startedAt: number;
  readonly #counts = new Map<string, Counts>();
  readonly #kept: (Seen & { at: number })[] = [];
  #records = 0;

  constructor(startedAt: number, stored?: z.infer<typeof windowSchema>) {
    this.startedAt = startedAt;
    if (stored === undefined) return;
    this.#records = stored.records;
    for (const [key, counts] of stored.counts) this.#counts.set(key, new Map(counts));
    this.#kept.push(...(stored.kept as (Seen & { at: number })[]));
  }

  /** Records that were counted. */
  get records(): number {
    return this.#records;
  }

  get counts(): ReadonlyMap<string, Counts> {
    return this.#counts;
  }

  /** Whether the next record is counted: all of a window of usual size, fewer and fewer of a larger one. */
  wants(usual: number, random: Random): boolean {
    const thinned = Math.floor(this.#records / usual) - THIN_AT + 1;
    return thinned <= 0 || random.next() < 2 ** -thinned;
  }

  add(seen: Seen, { shape, random, at }: { shape: Shape; random: Random; at: number }): void {
    this.#records += 1;
    for (const { key, bin } of shape.featuresOf(seen, random)) {
      let counts = this.#counts.get(key);
      if (counts === undefined) this.#counts.set(key, (counts = new Map<number | string, number>()));
      count(counts, bin);
    }
    // Algorithm R: each record of the window is among those kept with the same probability.
    const place = this.#kept.length < KEPT ? this.#kept.length : Math.floor(random.next() * this.#records);
    if (place < KEPT && JSON.stringify(seen.input).length <= KEPT_CHARACTERS) this.#kept[place] = { ...seen, at };
  }

  /** The inputs that show best what was found: those whose values were the least usual before. */
  examplesOf(
    findings: readonly DriftFinding[],
    { reference, shape, random }: { reference: DriftWindow; shape: Shape; random: Random },
  ): DriftVerdict['examples'] {
    const keys = new Set(findings.map(({ field, aspect }) => `${field}|${aspect}`));
    const scored = this.#kept.map((seen) => {
      const features = shape.featuresOf(seen, random).filter(({ key }) => keys.has(key));
      const score = features.reduce((sum, { key, bin }) => sum + this.#novelty(reference, key, bin), 0);
      return { input: seen.input, executed_at: isoTime(seen.at), score };
    });
    return scored
      .sort((one, other) => other.score - one.score)
      .slice(0, EXAMPLES)
      .map(({ input, executed_at }) => ({ input, executed_at }));
  }

  toJson(): z.infer<typeof windowSchema> {
    return {
      startedAt: this.startedAt,
      records: this.#records,
      counts: [...this.#counts].map(([key, counts]) => [key, [...counts]]),
      kept: this.#kept.map(({ input, output, slice, status, at }) => ({ input, output, slice, status, at })),
    };
  }

  #novelty(reference: DriftWindow, key: string, bin: number | string): number {
    const share = (counts: Counts): number => ((counts.get(bin) ?? 0) + 0.5) / (totalOf(counts) + 1);
    const [before, now] = [reference.counts.get(key), this.#counts.get(key)];
    return before === undefined || now === undefined ? 0 : Math.log(share(now) / share(before));
  }
}

/** Everything that is not as it was in the reference, the clearest first, and how many things were tested. */
export function compareWindows(
  reference: DriftWindow,
  current: DriftWindow,
  { significance, threshold }: Pick<DriftOptions, 'significance' | 'threshold'>,
): { readonly tests: number; readonly findings: readonly DriftFinding[] } {
  const compared = [...reference.counts].flatMap(([key, before]) => {
    const now: Counts = current.counts.get(key) ?? new Map();
    const comparison = compareCounts(before, now);
    return comparison === undefined ? [] : [{ key, before, now, ...comparison }];
  });
  const corrected = holm(compared.map(({ pValue }) => pValue));
  const findings = compared.flatMap(({ key, before, now, test, statistic, psi }, index): DriftFinding[] => {
    const pValue = corrected[index] ?? 1;
    if (pValue >= significance || psi < threshold) return [];
    const split = key.lastIndexOf('|');
    const field = key.slice(0, split);
    return [
      {
        kind: field.startsWith('output') || field === 'status' ? 'output' : 'input',
        field,
        aspect: key.slice(split + 1),
        test,
        statistic,
        p_value: pValue,
        psi,
        since: isoTime(current.startedAt),
        reference: describeCounts(before),
        current: describeCounts(now),
      },
    ];
  });
  return { tests: compared.length, findings: findings.sort((one, other) => (other.psi ?? 0) - (one.psi ?? 0)) };
}
