import { hash } from 'node:crypto';
import type { AuditVerification } from '@loopwright/protocol';
import type { AuditTable } from './audit-table.ts';

/** What the first entry of a log has in place of the digest of the one before. */
export const CHAIN_START = '0'.repeat(64);

/** An entry before it has its place in the chain. */
export type NewAuditEntry = Omit<AuditTable, 'seq' | 'previous_digest' | 'digest'>;

/** Where a chain ends. */
export interface ChainHead {
  readonly seq: number;
  readonly digest: string;
}

/** Puts an entry behind the end of the chain: its digest covers everything in it and the digest of the one before. */
export function linkEntry(entry: NewAuditEntry, { seq, digest }: ChainHead): AuditTable {
  const placed = { ...entry, seq: seq + 1, previous_digest: digest };
  return { ...placed, digest: entryDigest(placed) };
}

/** The digest that an entry must have: of its canonical JSON, which for texts and numbers only is their JSON in the order of the columns' names. */
function entryDigest(entry: Omit<AuditTable, 'digest'>): string {
  return hash('sha256', JSON.stringify(entry, Object.keys(entry).sort()));
}

/**
 * Checks a chain, entry by entry, from the oldest that is left. Where older ones were removed, an entry further on must say so and have the digest
 * of the last that went; {@link ChainCheck.result} knows then whether it does.
 */
export class ChainCheck {
  #first: AuditTable | undefined;
  #last: AuditTable | undefined;
  #checked = 0;
  #anchored = false;
  #broken: AuditVerification['broken_at'] = null;

  /** Takes the next entry; gives whether the chain holds so far. */
  add(row: AuditTable): boolean {
    if (this.#broken !== null) return false;
    const reason = this.#flawOf(row);
    if (reason !== undefined) this.#broken = { seq: row.seq, reason };
    this.#first ??= row;
    this.#last = row;
    this.#checked += 1;
    this.#anchored ||= row.kind === 'pruned' && this.#isAnchorOf(row);
    return this.#broken === null;
  }

  result(): AuditVerification {
    const first = this.#first;
    const isCut = first !== undefined && first.seq > 1 && !this.#anchored;
    const broken =
      this.#broken ??
      (isCut ? { seq: first.seq, reason: 'the entries before it are gone, and no entry says that they were pruned' } : null);
    return {
      valid: broken === null,
      checked: this.#checked,
      first_seq: first?.seq ?? null,
      last_seq: this.#last?.seq ?? null,
      head_digest: this.#last?.digest ?? CHAIN_START,
      broken_at: broken,
    };
  }

  #flawOf({ digest, ...row }: AuditTable): string | undefined {
    if (entryDigest(row) !== digest) return 'its content is not what its digest says';
    const last = this.#last;
    if (last === undefined)
      return row.seq === 1 && row.previous_digest !== CHAIN_START ? 'it is not the first of a log' : undefined;
    if (row.seq !== last.seq + 1) return `the entries from ${last.seq + 1} on are missing`;
    return row.previous_digest === last.digest ? undefined : 'it does not follow the entry before it';
  }

  #isAnchorOf({ object_id, after }: AuditTable): boolean {
    const first = this.#first;
    if (first === undefined || Number(object_id) !== first.seq - 1) return false;
    return after?.includes(`"digest":"${first.previous_digest}"`) === true;
  }
}
