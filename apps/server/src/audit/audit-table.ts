import type { AuditKind } from '@loopwright/protocol';

/** One entry of the audit log as it is stored; `decisions/021-authorization.md` says what each kind is for. */
export interface AuditTable {
  /** Counts from 1 without gaps. */
  readonly seq: number;
  readonly id: string;
  readonly at: number;
  readonly kind: AuditKind;
  readonly intent_seq: number | null;
  readonly user_id: string | null;
  readonly method: string | null;
  readonly credential_id: string | null;
  readonly address: string | null;
  readonly user_agent: string | null;
  readonly request_id: string | null;
  readonly operation: string;
  readonly object_kind: string | null;
  readonly object_id: string | null;
  readonly project_id: string | null;
  readonly seen_digest: string | null;
  readonly body_digest: string | null;
  /** JSON text. */
  readonly before: string | null;
  /** JSON text. */
  readonly after: string | null;
  readonly status: number | null;
  readonly previous_digest: string;
  readonly digest: string;
}
