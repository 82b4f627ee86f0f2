import { type DriftFinding, isoTime, wilsonInterval } from '@loopwright/protocol';
import { z } from 'zod';

/** Validations that say what the quality was before. */
const REFERENCE = 50;
/** Validations of a program at the edge of what is allowed after which one false alarm is to be expected, at the least (Lorden, 1971). */
const RUN_LENGTH = 1000;
/** No program is taken to be right more often than this: one mistake must not be an alarm. */
const LEAST_FAILING = 0.01;

const cusumSchema = z.object({
  seen: z.int(),
  failed: z.int(),
  sum: z.number(),
  /** When the sum last left 0; `null` while it is 0. */
  since: z.number().nullable(),
  alarm: z.boolean(),
  recent: z.array(z.boolean()).max(REFERENCE),
});
type Cusum = z.infer<typeof cusumSchema>;

/** {@link QualityWatch} as JSON. */
export const qualitySchema = z.record(z.string().max(40), cusumSchema);

const ALL = 'all traffic';

/**
 * Watches the share of wrong outputs with a CUSUM of likelihood ratios: how many times more likely the last validations are if the program has become worse by the
 * tolerance than if it is as it was (the upper end of the Wilson interval of the first 50). It is sequential: it may be looked at after each validation. All traffic
 * and each kind of input have their own, with a higher bar for their number.
 */
export class QualityWatch {
  readonly #tolerance: number;
  readonly #watches: Map<string, Cusum>;

  constructor(tolerance: number, stored: z.infer<typeof qualitySchema> = {}) {
    this.#tolerance = tolerance;
    this.#watches = new Map(Object.entries(stored));
  }

  /** Takes a validation of an execution that was chosen by chance. */
  add({ match, slice, at }: { match: boolean; slice: string; at: number }): void {
    for (const name of [ALL, `slice ${slice}`]) {
      const before = this.#watches.get(name) ?? { seen: 0, failed: 0, sum: 0, since: null, alarm: false, recent: [] };
      this.#watches.set(name, this.#next(before, { match, at }));
    }
  }

  /** Validations so far, and those that are wanted before anything is compared. */
  get progress(): { readonly seen: number; readonly wanted: number } {
    return { seen: this.#watches.get(ALL)?.seen ?? 0, wanted: REFERENCE };
  }

  /** What has become worse. */
  findings(): DriftFinding[] {
    return [...this.#watches].flatMap(([field, { alarm, seen, failed, sum, since, recent }]) => {
      if (!alarm) return [];
      const wrong = recent.filter((match) => !match).length;
      return [
        {
          kind: 'quality' as const,
          field,
          aspect: 'share of wrong outputs',
          test: 'cusum' as const,
          statistic: sum,
          p_value: Math.min(1, Math.exp(-sum)),
          psi: null,
          since: isoTime(since ?? 0),
          reference: `${failed} of the first ${Math.min(seen, REFERENCE)} wrong`,
          current: `${wrong} of the last ${recent.length} wrong`,
        },
      ];
    });
  }

  toJson(): z.infer<typeof qualitySchema> {
    return Object.fromEntries(this.#watches);
  }

  #next({ seen, failed, sum, since, alarm, recent }: Cusum, { match, at }: { match: boolean; at: number }): Cusum {
    const last = [...recent.slice(1 - REFERENCE), match];
    if (seen < REFERENCE) return { seen: seen + 1, failed: failed + (match ? 0 : 1), sum, since, alarm, recent: last };
    const before = Math.min(0.95, Math.max(LEAST_FAILING, wilsonInterval(failed, REFERENCE).high));
    const worse = Math.min(0.99, before + this.#tolerance);
    const step = match ? Math.log((1 - worse) / (1 - before)) : Math.log(worse / before);
    // The sum is bounded so that a program that became good again is seen to be.
    const next = Math.min(2 * this.#bar, Math.max(0, sum + step));
    return {
      seen: seen + 1,
      failed,
      sum: next,
      since: next === 0 ? null : (since ?? at),
      alarm: next >= this.#bar || (alarm && next > 0),
      recent: last,
    };
  }

  get #bar(): number {
    return Math.log(RUN_LENGTH * Math.max(1, this.#watches.size));
  }
}
