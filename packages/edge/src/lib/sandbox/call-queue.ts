import type { Call } from './worker-process.ts';

/** First in, first out, in constant time; calls that lost their worker go to the front. */
export class CallQueue {
  #front: Call[] = [];
  #back: Call[] = [];
  #next = 0;

  get size(): number {
    return this.#front.length - this.#next + this.#back.length;
  }

  push(call: Call): void {
    this.#back.push(call);
  }

  /** Puts calls before all others, in their order. */
  unshift(calls: readonly Call[]): void {
    if (calls.length === 0) return;
    this.#front = [...calls, ...this.#front.slice(this.#next)];
    this.#next = 0;
  }

  peek(): Call | undefined {
    if (this.#next === this.#front.length) {
      this.#front = this.#back;
      this.#back = [];
      this.#next = 0;
    }
    return this.#front[this.#next];
  }

  shift(): Call | undefined {
    const call = this.peek();
    if (call !== undefined) this.#next += 1;
    return call;
  }

  /** Takes everything out. */
  drain(): Call[] {
    const calls = [...this.#front.slice(this.#next), ...this.#back];
    this.#front = [];
    this.#back = [];
    this.#next = 0;
    return calls;
  }
}
