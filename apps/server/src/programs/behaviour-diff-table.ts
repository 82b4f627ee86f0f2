/** A comparison of two versions. Times in milliseconds since 1970 UTC. */
export interface BehaviourDiffTable {
  readonly diff_id: string;
  readonly program: string;
  readonly candidate: number;
  readonly incumbent: number;
  /** The execution that asked for it; `null`: a person did. */
  readonly execution_id: string | null;
  readonly requested_by: string | null;
  readonly created_at: number;
  /** SHA-256 of the report as canonical JSON. */
  readonly digest: string;
  readonly report: string;
}
