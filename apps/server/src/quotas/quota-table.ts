/** What a person has used of a quota on a day. */
export interface QuotaTable {
  readonly user_id: string;
  /** UTC, as in 2026-11-21. */
  readonly day: string;
  readonly kind: string;
  readonly used: number;
}
