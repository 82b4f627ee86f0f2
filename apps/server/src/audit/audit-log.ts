import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, PlatformError, type Random } from '@loopwright/protocol';
import type { ServerDatabase } from '../database/server-database.ts';
import type { AuditTable } from './audit-table.ts';
import { AuditInserts, NOTHING_SAID } from './audit-inserts.ts';
import { CHAIN_START, type ChainHead, type NewAuditEntry, linkEntry } from './audit-chain.ts';

/** What is said of something that happened; what is left out is null. */
export type AuditFacts = Pick<AuditTable, 'kind' | 'operation'> & Partial<Omit<NewAuditEntry, 'id' | 'at'>>;

/** The most entries of one commit. */
const GROUP_LIMIT = 200;
/** How long after a failure it is tried whether the log can be written again, in milliseconds. */
const PROBE_MS = 1000;
/** How far back a start looks for changes that were cut off: further back every request has its answer. */
const RECENT = 10_000;

interface Waiting {
  readonly facts: AuditFacts;
  readonly resolve: (row: AuditTable) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Who did what, in the order it happened.
 *
 * L1 `append` resolves when the entry is on disk. What is asked for while a commit is under way is committed together.
 * L2 Entries are chained in the order of the calls. A commit that fails leaves the chain as it was, and fails for all that are in it.
 * L3 While the log cannot be written, `fault` says so; once it can again, an entry tells how many were refused.
 */
export class AuditLog {
  readonly #database: ServerDatabase;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #inserts: AuditInserts;
  #head: ChainHead | undefined;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #outage: { readonly error: PlatformError; readonly since: number; count: number } | undefined;
  #cancelProbe: () => void = () => undefined;

  constructor({ database, clock, random }: { database: ServerDatabase; clock: Clock; random: Random }) {
    this.#database = database;
    this.#clock = clock;
    this.#random = random;
    this.#inserts = new AuditInserts(database);
  }

  /** Why the last entry could not be written; `undefined` while they can. */
  get fault(): PlatformError | undefined {
    return this.#outage?.error;
  }

  /** Adds an entry. Throws AUDIT_FAILED when it cannot be written. */
  append(facts: AuditFacts): Promise<AuditTable> {
    const { promise, resolve, reject } = Promise.withResolvers<AuditTable>();
    this.#waiting.push({ facts, resolve, reject });
    this.#writing ??= this.#drain();
    return promise;
  }

  /** Where the chain ends. */
  async head(): Promise<ChainHead> {
    if (this.#head !== undefined) return this.#head;
    const last = await this.#database
      .selectFrom('audit')
      .select(['seq', 'digest'])
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst();
    return last ?? { seq: 0, digest: CHAIN_START };
  }

  /** Gives each change that was cut off by the end of a process an outcome that nobody knows; gives how many. Call it before the first request. */
  async closeCutOff(): Promise<number> {
    const { seq } = await this.head();
    const intents = await this.#database
      .selectFrom('audit as intent')
      .selectAll()
      .where('kind', '=', 'intent')
      .where('seq', '>', seq - RECENT)
      .where((is) =>
        is.not(
          is.exists(is.selectFrom('audit as outcome').select('outcome.seq').whereRef('outcome.intent_seq', '=', 'intent.seq')),
        ),
      )
      .execute();
    for (const { id: _id, seq: intent_seq, previous_digest: _previous, digest: _digest, ...facts } of intents)
      await this.append({ ...facts, kind: 'outcome', intent_seq, status: null });
    return intents.length;
  }

  /** Resolves when nothing is left to be written, and nothing will be tried again. */
  async settled(): Promise<void> {
    this.#cancelProbe();
    await this.#writing;
  }

  async #drain(): Promise<void> {
    do {
      // What all requests of this turn ask for goes into the same commit: most of its cost is that of its pages, however many entries are on them.
      await nextTurn();
      const group = this.#waiting.splice(0, GROUP_LIMIT);
      try {
        const rows = await this.#write(group.map(({ facts }) => facts));
        for (const [index, { resolve }] of group.entries()) {
          const row = rows[index];
          if (row !== undefined) resolve(row);
        }
      } catch (cause) {
        const error = new PlatformError('AUDIT_FAILED', 'Cannot write to the audit log: the log has the cause', { cause });
        this.#failed(error, group.length);
        for (const { reject } of group) reject(error);
      }
    } while (this.#waiting.length > 0);
    this.#writing = undefined;
  }

  #failed(error: PlatformError, count: number): void {
    // Another process may have written meanwhile, which nobody should: the next group looks where the chain ends.
    this.#head = undefined;
    this.#outage ??= { error, since: this.#clock.now(), count: 0 };
    this.#outage.count += count;
    this.#cancelProbe();
    this.#cancelProbe = this.#clock.schedule(PROBE_MS, () => {
      this.#writing ??= this.#drain();
    });
  }

  /** What comes first after a time in which nothing could be written. */
  #outageFacts(): AuditFacts[] {
    if (this.#outage === undefined) return [];
    const { since, count } = this.#outage;
    return [{ kind: 'refusals', operation: 'outage', after: JSON.stringify({ count, since, until: this.#clock.now() }) }];
  }

  async #write(group: readonly AuditFacts[]): Promise<AuditTable[]> {
    const all = [...this.#outageFacts(), ...group];
    let head = await this.head();
    const at = this.#clock.now();
    const rows = all.map((facts) => {
      const row = linkEntry({ ...NOTHING_SAID, ...facts, id: this.#random.uuid(), at }, head);
      head = row;
      return row;
    });
    if (rows.length > 0) await this.#inserts.run(rows);
    this.#head = { seq: head.seq, digest: head.digest };
    this.#outage = undefined;
    this.#cancelProbe();
    return rows.slice(all.length - group.length);
  }
}
