/** One entry of the error catalogue. */
export interface ErrorDefinition {
  /** HTTP status that carries the error. */
  readonly status: number;
  /** Whether the same request can succeed later without being changed. */
  readonly retryable: boolean;
  /** What happened, in a few words that do not change from case to case. */
  readonly title: string;
  /** What the caller can do about it. */
  readonly fix: string;
}
