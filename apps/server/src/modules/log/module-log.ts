import { type Clock, isoTime } from '@loopwright/protocol';
import type { ModuleLogEntry } from '../module-spec.ts';

/** A line that is kept. */
export interface KeptLogEntry extends Omit<ModuleLogEntry, 'module'> {
  /** Counts the lines of the module, from 1. */
  readonly seq: number;
  readonly at: string;
}

/** Lines after a place. */
export interface ModuleLogPage {
  readonly entries: readonly KeptLogEntry[];
  /** Lines after the place that are not kept any more. */
  readonly missed: number;
}

const LINES_LIMIT = 2000;
const CHARACTERS_LIMIT = 1024 * 1024;

/** The newest lines of one module: 2000, and a million characters of text. They go with the process of the server; its own log has them too. */
export class ModuleLog {
  readonly #clock: Clock;
  #entries: KeptLogEntry[] = [];
  #characters = 0;
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Number of the newest line; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  add({ source, level, text }: Omit<ModuleLogEntry, 'module'>): void {
    this.#last += 1;
    this.#entries.push({ seq: this.#last, at: isoTime(this.#clock.now()), source, level, text });
    this.#characters += text.length;
    let over = 0;
    while (
      this.#entries.length - over > LINES_LIMIT ||
      (this.#characters > CHARACTERS_LIMIT && over < this.#entries.length - 1)
    ) {
      this.#characters -= this.#entries[over]?.text.length ?? 0;
      over += 1;
    }
    if (over > 0) this.#entries.splice(0, over);
  }

  /** At most `limit` lines after one, the oldest first. */
  after(seq: number, limit: number): ModuleLogPage {
    const first = this.#entries[0]?.seq ?? this.#last + 1;
    const from = Math.max(0, seq + 1 - first);
    return { entries: this.#entries.slice(from, from + limit), missed: Math.max(0, first - seq - 1) };
  }

  /** At most `limit` of the newest lines, the oldest of them first. */
  newest(limit: number): ModuleLogPage {
    return { entries: this.#entries.slice(-limit), missed: Math.max(0, (this.#entries[0]?.seq ?? this.#last + 1) - 1) };
  }
}
