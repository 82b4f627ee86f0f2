import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Calendar, ExecutionLog } from '@loopwright/edge';
import { systemClock } from '@loopwright/protocol';
import { DayLog } from '../../../packages/edge/src/lib/dataset/day-log.ts';
import { parseRecord } from '../../../packages/edge/src/lib/dataset/record-line.ts';
import type { Ledger } from './ledger.ts';
import { PROGRAMS } from './limits.ts';

/** Reads the records of the days that are over while the edge writes, compresses and deletes beside it: each day once. */
export class Harvest {
  readonly #dir: string;
  readonly #calendar: Calendar;
  readonly #ledger: Ledger;
  readonly #done = new Set<string>();

  constructor(dir: string, calendar: Calendar, ledger: Ledger) {
    this.#dir = dir;
    this.#calendar = calendar;
    this.#ledger = ledger;
  }

  /** Reads the days that have been over for a whole day; with `all` every one that is left. */
  async read(all = false): Promise<void> {
    const last = this.#calendar.daysBefore(systemClock.now(), all ? -1 : 2);
    for (const { name } of PROGRAMS) {
      // Reads only: the edge is the one that writes.
      const log = new DayLog({ folder: join(this.#dir, 'datasets', name, 'executions'), durability: 'process' });
      for (const day of await log.days()) {
        if (day > last || this.#done.has(`${name} ${day}`)) continue;
        this.#done.add(`${name} ${day}`);
        for await (const { text } of log.read(day)) {
          const record = parseRecord(text);
          if (record === undefined) this.#ledger.problem(`a line of ${name} on ${day} is no record: ${text.slice(0, 200)}`);
          else this.#ledger.find(record, day);
        }
      }
    }
  }

  /** What the edge left behind, to be asked when it is dead: the figures of every day must count what was recorded, deleted or not. */
  async close(): Promise<{ days: number; deletedDays: number; compressedDays: number; tornLines: number }> {
    const sums = { days: 0, deletedDays: 0, compressedDays: 0, tornLines: 0 };
    await this.read(true);
    for (const { name } of PROGRAMS) {
      await using log = await ExecutionLog.open({ dir: this.#dir, taskId: name, clock: systemClock, calendar: this.#calendar });
      sums.tornLines += log.tornLines;
      const kept = await log.days();
      for (const [day, count] of this.#ledger.counts.get(name) ?? []) {
        const { total } = (await log.figures(day)).all;
        if (total !== count) this.#ledger.problem(`the figures of ${name} on ${day} count ${total} of ${count} records`);
        sums.days += 1;
        if (!kept.includes(day)) sums.deletedDays += 1;
        if (existsSync(join(this.#dir, 'datasets', name, 'executions', `${day}.0.jsonl.gz`))) sums.compressedDays += 1;
      }
    }
    this.#ledger.close();
    return sums;
  }
}
