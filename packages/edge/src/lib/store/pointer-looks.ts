import type { Clock } from '@loopwright/protocol';
import { POINTER_LOOK_MS } from './limits.ts';
import type { ProgramStore } from './program-store.ts';

/**
 * Tells whether every pointer of a store is to be looked at again: when one was moved since the last look, and once in a while besides, because somebody may
 * have moved one without a word. One look at hundreds of programs takes tens of milliseconds of a processor.
 */
export class PointerLooks {
  readonly #store: Pick<ProgramStore, 'changeMark'>;
  readonly #clock: Clock;
  #seen: string | undefined;
  #lookedAt = -Infinity;

  constructor(store: Pick<ProgramStore, 'changeMark'>, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Runs `look` when it is time. What fails is tried again the next time. */
  async ifDue(look: () => Promise<void>): Promise<void> {
    // Before the pointers are read: what moves meanwhile is seen the next time.
    const mark = await this.#store.changeMark();
    // The clock may have been set back.
    const sinceMs = Math.abs(this.#clock.now() - this.#lookedAt);
    if (mark === this.#seen && sinceMs < POINTER_LOOK_MS) return;
    await look();
    this.#seen = mark;
    this.#lookedAt = this.#clock.now();
  }
}
