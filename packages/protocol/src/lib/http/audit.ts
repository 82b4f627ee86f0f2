import { z } from 'zod';
import { jsonSchema } from '../json/json.ts';
import { nextCursorSchema } from './pages.ts';

const time = z.iso.datetime({ offset: true });
const digest = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * What an entry tells: that a change was about to be made (`intent`), what became of it (`outcome`), that a request was refused, how many refusals
 * were not written one by one (`refusals`), or that older entries were exported and removed (`pruned`).
 */
export const auditKindSchema = z.enum(['intent', 'outcome', 'refused', 'refusals', 'pruned']);
export type AuditKind = z.infer<typeof auditKindSchema>;

/** One entry of the audit log. */
export const auditEntrySchema = z.object({
  seq: z.int(),
  id: z.string(),
  at: time,
  kind: auditKindSchema,
  /** The intent that an outcome belongs to. An intent without an outcome was cut off: nobody knows whether its change was made. */
  intent_seq: z.int().nullable(),
  user_id: z.string().nullable(),
  method: z.string().nullable(),
  credential_id: z.string().nullable(),
  /** Administrators only see from where. */
  address: z.string().nullable(),
  user_agent: z.string().nullable(),
  request_id: z.string().nullable(),
  operation: z.string(),
  object_kind: z.string().nullable(),
  object_id: z.string().nullable(),
  project_id: z.string().nullable(),
  /** Digest of what the person saw: `subject_digest` of a decision, or `If-Match`. */
  seen_digest: z.string().nullable(),
  /** Digest of the body of the request. */
  body_digest: z.string().nullable(),
  before: jsonSchema,
  after: jsonSchema,
  /** HTTP status of the answer; null for an intent, and for an outcome that nobody knows. */
  status: z.int().nullable(),
  previous_digest: digest,
  digest,
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;

/** `GET /api/v1/audit`: the newest first. */
export const auditListSchema = z.object({ entries: z.array(auditEntrySchema), next_cursor: nextCursorSchema });

/** `GET /api/v1/audit/verify`. */
export const auditVerificationSchema = z.object({
  valid: z.boolean(),
  checked: z.int(),
  first_seq: z.int().nullable(),
  last_seq: z.int().nullable(),
  /** Digest of the newest entry: kept elsewhere, it shows later that nothing before it was changed or cut off. */
  head_digest: digest,
  broken_at: z.object({ seq: z.int(), reason: z.string() }).nullable(),
});
export type AuditVerification = z.infer<typeof auditVerificationSchema>;
