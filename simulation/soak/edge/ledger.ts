import type { ExecutionRecord } from '@loopwright/protocol';
import { z } from 'zod';

/** An answer that a request got: its execution is acknowledged. */
export interface Acknowledged {
  readonly id: string;
  readonly program: string;
  readonly version: number;
  readonly status: 'success' | 'error';
}

const inputSchema = z.object({ n: z.int().nonnegative() });

/** What was acknowledged, and what was found on the disk. Each request has a number of its own. */
export class Ledger {
  readonly problems: string[] = [];
  /** Acknowledged, and not yet read from the disk. */
  readonly #open = new Map<number, Acknowledged>();
  #stored = new Uint8Array(1 << 16);
  /** Records read, by program and day. */
  readonly counts = new Map<string, Map<string, number>>();
  acknowledged = 0;
  stored = 0;

  acknowledge(n: number, answer: Acknowledged): void {
    this.acknowledged += 1;
    this.#open.set(n, answer);
  }

  /** Takes note of a record on the disk; each is to be given once. */
  find(record: ExecutionRecord, day: string): void {
    this.stored += 1;
    const { n } = inputSchema.parse(record.input_data);
    if (n >= this.#stored.length) {
      const wider = new Uint8Array(Math.max(this.#stored.length * 2, n + 1));
      wider.set(this.#stored);
      this.#stored = wider;
    }
    if (this.#stored[n] === 1) this.problem(`request ${n} is recorded twice`);
    this.#stored[n] = 1;
    const days = this.counts.get(record.task_id) ?? new Map<string, number>();
    this.counts.set(record.task_id, days.set(day, (days.get(day) ?? 0) + 1));
    const answer = this.#open.get(n);
    this.#open.delete(n);
    if (answer === undefined) return;
    const { id, task_id: program, version, status } = record;
    if (answer.id !== id || answer.program !== program || answer.version !== version || answer.status !== status)
      this.problem(`request ${n} was answered ${JSON.stringify(answer)} and recorded ${JSON.stringify(record)}`);
  }

  /** To be called when every record was read: what is left was acknowledged and is lost. */
  close(): void {
    for (const [n, answer] of this.#open) this.problem(`request ${n} was acknowledged and is lost: ${JSON.stringify(answer)}`);
  }

  /** How far it is, in one line, with the newest problem. */
  summary(): string {
    const newest = this.problems.at(-1);
    const told = newest === undefined ? '' : `, the newest: ${newest}`;
    return `${this.acknowledged} acknowledged, ${this.stored} read, ${this.problems.length} problems${told}`;
  }

  problem(text: string): void {
    if (this.problems.length < 100) this.problems.push(text);
  }
}
