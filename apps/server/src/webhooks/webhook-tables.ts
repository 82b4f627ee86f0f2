import type { Generated } from 'kysely';

/** A subscription. */
export interface WebhookTable {
  readonly webhook_id: string;
  readonly url: string;
  /** JSON: a list of types and beginnings of types. */
  readonly event_types: string;
  readonly project_id: string | null;
  readonly description: string;
  readonly enabled: 0 | 1;
  /** Why the server disabled it; `null` when nobody or a person did. */
  readonly disabled_why: string | null;
  /** Sealed, as `SecretBox` does. */
  readonly secret: string;
  readonly previous_secret: string | null;
  readonly previous_secret_until: number | null;
  /** Names the last rotation: the same one again is no second. */
  readonly rotation_key: string | null;
  readonly request_digest: string;
  /** Events up to this position are not for it: they were before it, or while it was disabled. */
  readonly from_position: number;
  readonly failing_since: number | null;
  readonly created_by: string;
  /** JSON: with what it was made, as `CreatorRights` keeps it. */
  readonly made_with: string | null;
  readonly created_at: number;
  readonly updated_at: number;
}

/** What was decided and is not told yet in the stream of events. */
export interface PendingNoticeTable {
  readonly id: string;
  readonly type: string;
  readonly project_id: string | null;
  /** JSON object. */
  readonly data: string;
}

/** How far events were made into deliveries. */
export interface WebhookCursorTable {
  readonly only: 1;
  readonly position: number;
}

/** One event for one subscription. */
export interface DeliveryTable {
  readonly no: Generated<number>;
  readonly delivery_id: string;
  readonly webhook_id: string;
  readonly event_type: string;
  readonly payload: string;
  readonly status: 'pending' | 'delivered' | 'failed';
  readonly attempts: number;
  readonly next_at: number | null;
  readonly created_at: number;
  readonly delivered_at: number | null;
}

/** One try to deliver. */
export interface AttemptTable {
  readonly delivery: number;
  readonly attempt: number;
  readonly at: number;
  readonly response_status: number | null;
  readonly response_body: string | null;
  readonly error: string | null;
  readonly latency_ms: number;
}
