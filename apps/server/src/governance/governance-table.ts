/** One check of a phase. JSON as text; times in milliseconds since 1970 UTC. */
export interface GovernanceCheckTable {
  readonly execution_id: string;
  /** Of the journal entry that the check is recorded under. */
  readonly key: string;
  readonly run_id: string;
  readonly phase: string;
  readonly checked_at: number;
  readonly skipped_by: string | null;
  /** `GovernanceResults`; `null` when the check was skipped. */
  readonly results: string | null;
  readonly hygiene: string | null;
  /** `EffectivePolicyView`. */
  readonly policy: string;
  readonly workspace_digest: string | null;
  /** What a person decided. */
  readonly override: string | null;
  /** The rollback that left it behind. */
  readonly archived_by: string | null;
}
