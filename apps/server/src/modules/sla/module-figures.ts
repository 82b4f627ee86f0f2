import type { Clock } from '@loopwright/protocol';

/** How a request to a module ended: `lost` when nobody took it or the way broke, `failed` for an answer of 500 and above and one that came too late. */
export type RequestEnd = 'answered' | 'failed' | 'lost';

/** What was measured of a module in a span of time. */
export interface Figures {
  readonly requests: number;
  readonly failed: number;
  readonly lost: number;
  /** Sum over those that were answered, to the head of the answer, in milliseconds. */
  readonly latencyMs: number;
  /** The most requests that had no answer at one time. */
  readonly backlog: number;
  /** Time in which it served, and in which it should have. */
  readonly upMs: number;
  readonly wantedMs: number;
}

type Bucket = { -readonly [Key in keyof Figures]: number } & { readonly from: number };

/** Length of a bucket; figures are as exact as that. */
export const BUCKET_MS = 60_000;
/** The longest time that is kept: an hour. */
export const KEPT_BUCKETS = 60;

/** What was measured of one module in the last hour, by the minute. Takes the same room however much is asked. */
export class ModuleFigures {
  readonly #clock: Clock;
  readonly #buckets: Bucket[] = [];
  /** Whether it serves; `undefined` while nobody wants it to. */
  #isUp: boolean | undefined;
  #stoodUntil: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#stoodUntil = clock.now();
  }

  /** A request ended after so long, while so many others had no answer. */
  add(end: RequestEnd, { tookMs, backlog }: { readonly tookMs: number; readonly backlog: number }): void {
    const bucket = this.#bucketAt(this.#clock.now());
    bucket.requests += 1;
    if (end === 'answered') bucket.latencyMs += tookMs;
    else bucket[end] += 1;
    bucket.backlog = Math.max(bucket.backlog, backlog);
  }

  /** From now on it serves, or does not although it should, or need not (`undefined`). */
  stand(isUp: boolean | undefined): void {
    this.#accountFor();
    this.#isUp = isUp;
  }

  /** The sum of the buckets of the last `ms`, without those of the last `skippedMs`. */
  last(ms: number, skippedMs = 0): Figures {
    this.#accountFor();
    const now = this.#clock.now();
    const within = this.#buckets.filter(
      ({ from }) => from + BUCKET_MS > now - ms && from + BUCKET_MS <= now - skippedMs + (skippedMs === 0 ? BUCKET_MS : 0),
    );
    const sum = empty(now);
    for (const bucket of within) {
      for (const key of SUMMED) sum[key] += bucket[key];
      sum.backlog = Math.max(sum.backlog, bucket.backlog);
    }
    return sum;
  }

  /** Puts the time since the last look into its buckets. */
  #accountFor(): void {
    const now = this.#clock.now();
    // What is older than all that is kept is of no use.
    let from = Math.max(this.#stoodUntil, now - KEPT_BUCKETS * BUCKET_MS);
    this.#stoodUntil = now;
    if (this.#isUp === undefined) return;
    while (from < now) {
      const to = Math.min(now, (Math.floor(from / BUCKET_MS) + 1) * BUCKET_MS);
      const bucket = this.#bucketAt(from);
      bucket.wantedMs += to - from;
      if (this.#isUp) bucket.upMs += to - from;
      from = to;
    }
  }

  #bucketAt(time: number): Bucket {
    const from = Math.floor(time / BUCKET_MS) * BUCKET_MS;
    const last = this.#buckets.at(-1);
    // A clock that was put back goes on in the bucket that is there.
    if (last !== undefined && last.from >= from) return last;
    const bucket = empty(from);
    this.#buckets.push(bucket);
    if (this.#buckets.length > KEPT_BUCKETS) this.#buckets.shift();
    return bucket;
  }
}

const SUMMED = ['requests', 'failed', 'lost', 'latencyMs', 'upMs', 'wantedMs'] as const;

function empty(from: number): Bucket {
  return { from, requests: 0, failed: 0, lost: 0, latencyMs: 0, backlog: 0, upMs: 0, wantedMs: 0 };
}
