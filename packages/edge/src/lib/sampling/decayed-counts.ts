/** Counts after which all are halved: what lies back further counts less and less. */
const HALVE_AT = 20_000;

/** Counts of the latest events by key, at most so many keys; what finds no room counts under the key `other`. */
export class DecayedCounts {
  readonly #counts = new Map<string, number>();
  readonly #keys: number;
  #total = 0;

  constructor(keys: number) {
    this.#keys = keys;
  }

  get total(): number {
    return this.#total;
  }

  /** Keys that have been seen lately. */
  get size(): number {
    return this.#counts.size;
  }

  /** Counts one, and gives the share of its key, itself included. */
  add(key: string): number {
    const kept = this.#counts.has(key) || this.#counts.size < this.#keys ? key : 'other';
    const count = (this.#counts.get(kept) ?? 0) + 1;
    this.#counts.set(kept, count);
    this.#total += 1;
    const share = count / this.#total;
    if (this.#total >= HALVE_AT) this.#halve();
    return share;
  }

  #halve(): void {
    this.#total = 0;
    for (const [key, count] of this.#counts) {
      const half = count >> 1;
      if (half === 0) this.#counts.delete(key);
      else this.#counts.set(key, half);
      this.#total += half;
    }
  }
}

/** Counts of the latest values in so many bins, which know what share of the values lies below one. */
export class DecayedHistogram {
  readonly #bins: Float64Array;
  #total = 0;

  constructor(bins: number) {
    this.#bins = new Float64Array(bins);
  }

  get total(): number {
    return this.#total;
  }

  add(bin: number): void {
    this.#bins[bin] = (this.#bins[bin] ?? 0) + 1;
    this.#total += 1;
    if (this.#total < HALVE_AT) return;
    this.#total /= 2;
    for (let index = 0; index < this.#bins.length; index += 1) this.#bins[index] = (this.#bins[index] ?? 0) / 2;
  }

  /** The share of the values in lower bins, and in this one. */
  sharesAt(bin: number): { readonly below: number; readonly at: number } {
    if (this.#total === 0) return { below: 0, at: 0 };
    let below = 0;
    for (let index = 0; index < bin; index += 1) below += this.#bins[index] ?? 0;
    return { below: below / this.#total, at: (this.#bins[bin] ?? 0) / this.#total };
  }
}
