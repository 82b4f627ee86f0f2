import { z } from 'zod';

/** A quantile is wrong by this share of its value at the most. */
export const RELATIVE_ERROR = 0.005;

const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GAMMA = Math.log(GAMMA);
/** What is shorter (1 ns) counts as 0. */
const SMALLEST_MS = 1e-6;

/** {@link LatencySketch} as JSON. */
export const latencySketchSchema = z.object({
  zeros: z.int().nonnegative(),
  sum: z.number().nonnegative(),
  min: z.number().nonnegative().nullable(),
  max: z.number().nonnegative().nullable(),
  buckets: z.array(z.tuple([z.int(), z.int().positive()])).max(10_000),
});

/**
 * Counts latencies in buckets whose bounds grow by a constant factor, so that every quantile is right within {@link RELATIVE_ERROR} however
 * the values are distributed, and two sketches can be added without loss (DDSketch: Masson, Rim, Lee, VLDB 2019). From 1 µs to a minute there
 * are at most 1,800 buckets. Count, sum, smallest and largest value are exact.
 */
export class LatencySketch {
  readonly #buckets = new Map<number, number>();
  #zeros = 0;
  #count = 0;
  #sum = 0;
  #min = Infinity;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  /** Milliseconds; 0 without values. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  /** Adds values, in milliseconds. */
  add(milliseconds: number, times = 1): void {
    this.#count += times;
    this.#sum += milliseconds * times;
    this.#min = Math.min(this.#min, milliseconds);
    this.#max = Math.max(this.#max, milliseconds);
    if (milliseconds < SMALLEST_MS) this.#zeros += times;
    else {
      const bucket = Math.ceil(Math.log(milliseconds) / LOG_GAMMA);
      this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + times);
    }
  }

  /** Adds all that another one counted. */
  merge(other: LatencySketch): void {
    this.#count += other.#count;
    this.#sum += other.#sum;
    this.#zeros += other.#zeros;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
    for (const [bucket, count] of other.#buckets) this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + count);
  }

  /** About the value at index `int(n·p)` of all values in order (`reference/domain.md` §3.2); 0 without values. */
  quantile(p: number): number {
    if (this.#count === 0) return 0;
    let left = Math.min(Math.trunc(this.#count * p), this.#count - 1) - this.#zeros;
    if (left < 0) return 0;
    for (const bucket of [...this.#buckets.keys()].sort((one, other) => one - other)) {
      left -= this.#buckets.get(bucket) ?? 0;
      if (left < 0) return Math.min(Math.max((2 * GAMMA ** bucket) / (GAMMA + 1), this.#min), this.#max);
    }
    return this.#max;
  }

  toJson(): z.infer<typeof latencySketchSchema> {
    const isEmpty = this.#count === 0;
    return {
      zeros: this.#zeros,
      sum: this.#sum,
      min: isEmpty ? null : this.#min,
      max: isEmpty ? null : this.#max,
      buckets: [...this.#buckets],
    };
  }

  static fromJson({ zeros, sum, min, max, buckets }: z.infer<typeof latencySketchSchema>): LatencySketch {
    const sketch = new LatencySketch();
    for (const [bucket, count] of buckets) sketch.#buckets.set(bucket, count);
    sketch.#zeros = zeros;
    sketch.#count = buckets.reduce((total, [, count]) => total + count, zeros);
    sketch.#sum = sum;
    sketch.#min = min ?? Infinity;
    sketch.#max = max ?? 0;
    return sketch;
  }
}
