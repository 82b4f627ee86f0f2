/** Bits of one generation, a power of two. */
const BITS = 1 << 17;
/** Bits that are set when a generation is full: beyond, too many words would look as if they had been seen. */
const FULL = BITS / 4;

/** Which words were seen lately, in 32 KiB: two generations of bits, of which the older one goes when the newer one is full. */
export class SeenWords {
  #newer = new Uint32Array(BITS / 32);
  #older = new Uint32Array(BITS / 32);
  #set = 0;

  has(word: number): boolean {
    const [at, bit] = placeOf(word);
    return (((this.#newer[at] ?? 0) | (this.#older[at] ?? 0)) & bit) !== 0;
  }

  add(word: number): void {
    const [at, bit] = placeOf(word);
    const bits = this.#newer[at] ?? 0;
    if ((bits & bit) !== 0) return;
    this.#newer[at] = bits | bit;
    this.#set += 1;
    if (this.#set < FULL) return;
    [this.#older, this.#newer] = [this.#newer, this.#older];
    this.#newer.fill(0);
    this.#set = 0;
  }

  /** The share of words that were not seen; 0 without words. */
  unseenShare(words: readonly number[]): number {
    if (words.length === 0) return 0;
    let unseen = 0;
    for (const word of words) if (!this.has(word)) unseen += 1;
    return unseen / words.length;
  }
}

function placeOf(word: number): readonly [number, number] {
  const place = (word ^ (word >>> 15)) & (BITS - 1);
  return [place >>> 5, 1 << (place & 31)];
}
