/** How many flows are remembered after their turn. */
const FLOWS_KEPT = 10_000;

/**
 * Whose turn it is among flows that want the same thing (start-time fair queueing): each flow is served in proportion to its share, and
 * none that waits is passed over for ever, however many come or how large the shares of others are.
 */
export class FairShare {
  #now = 0;
  /** Where the next turn of a flow begins, for flows that wait. */
  readonly #starts = new Map<string, number>();
  /** Where the last turn of a flow ended. */
  readonly #ends = new Map<string, number>();

  /** The turn of a flow that waits: the smallest is served next. A flow keeps its place from its first call on. */
  turn(flow: string, share: number): number {
    let start = this.#starts.get(flow);
    if (start === undefined) {
      start = Math.max(this.#now, this.#ends.get(flow) ?? 0);
      this.#starts.set(flow, start);
    }
    return start + 1 / share;
  }

  /** A flow had its turn. */
  serve(flow: string, share: number): void {
    const end = this.turn(flow, share);
    this.#now = Math.max(this.#now, end - 1 / share);
    this.#starts.delete(flow);
    this.#ends.set(flow, end);
    if (this.#ends.size <= FLOWS_KEPT) return;
    for (const [name, ended] of this.#ends) if (ended <= this.#now) this.#ends.delete(name);
  }
}

/** The share of a priority: each counts twice the one below. */
export function shareOf(priority: number): number {
  return 2 ** priority;
}
