import type { Promotion } from '@loopwright/edge';
import type { TimelineEntry } from '@loopwright/protocol';
import { z } from 'zod';

const text = z.string().nullish().catch(null);

/** What a promotion record says, as far as it does: records are what their makers wrote. */
const recordSchema = z.looseObject({
  digest: text,
  execution_id: text,
  approvers: z.array(z.string()).nullish().catch(null),
  evidence: z
    .looseObject({
      approved_by: text,
      moved_by: text,
      comment: text,
      rollout_id: text,
      rollback: z.boolean().nullish().catch(null),
      diff: z.looseObject({ id: z.string(), digest: z.string() }).nullish().catch(null),
    })
    .nullish()
    .catch(null),
});

/** The stretches of time in which versions were active, the oldest first. */
export function timelineOf(promotions: readonly Promotion[]): TimelineEntry[] {
  return promotions.map((promotion, index) => {
    const { digest, execution_id, approvers, evidence } = recordSchema.parse(promotion);
    const { diff } = evidence ?? {};
    return {
      version: promotion.to,
      digest: digest ?? null,
      from: promotion.from,
      at: promotion.at,
      until: promotions[index + 1]?.at ?? null,
      moved_by: evidence?.approved_by ?? evidence?.moved_by ?? approvers?.[0] ?? null,
      why: evidence?.comment ?? null,
      is_rollback: evidence?.rollback ?? false,
      execution_id: execution_id ?? null,
      rollout_id: evidence?.rollout_id ?? null,
      diff: diff === null || diff === undefined ? null : { id: diff.id, digest: diff.digest },
      promotion_id: promotion.id,
    };
  });
}

/** What was active at an instant (milliseconds since 1970 UTC); `null`: nothing yet. */
export function activeAt(entries: readonly TimelineEntry[], at: number): TimelineEntry | null {
  return entries.findLast((entry) => Date.parse(entry.at) <= at) ?? null;
}

/**
 * The version that a rollback goes to: the one that was active before the one that is, where a rollback takes back what it went back from; `null`:
 * there is none.
 */
export function versionBefore(entries: readonly TimelineEntry[]): number | null {
  const stack: number[] = [];
  for (const { version, is_rollback: isRollback } of entries) {
    if (isRollback) stack.pop();
    if (stack.at(-1) !== version) stack.push(version);
  }
  return stack.at(-2) ?? null;
}
