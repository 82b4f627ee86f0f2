import type { AliasMove } from '@loopwright/edge';
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

/** The stretches of time in which an alias pointed to versions, the oldest first. */
export function timelineOf(moves: readonly AliasMove[]): TimelineEntry[] {
  return moves.flatMap((move, index) => {
    // It was removed then, which is the end of the stretch before.
    if (move.to === null) return [];
    const { digest, execution_id, approvers, evidence } = recordSchema.parse(move);
    const { diff } = evidence ?? {};
    const entry = {
      version: move.to,
      digest: digest ?? null,
      from: move.from,
      at: move.at,
      until: moves[index + 1]?.at ?? null,
      moved_by: evidence?.approved_by ?? evidence?.moved_by ?? approvers?.[0] ?? null,
      why: evidence?.comment ?? null,
      is_rollback: evidence?.rollback ?? false,
      execution_id: execution_id ?? null,
      rollout_id: evidence?.rollout_id ?? null,
      diff: diff === null || diff === undefined ? null : { id: diff.id, digest: diff.digest },
      promotion_id: move.id,
    };
    return [entry];
  });
}

/** Where it pointed at an instant (milliseconds since 1970 UTC); `null`: nowhere. */
export function activeAt(entries: readonly TimelineEntry[], at: number): TimelineEntry | null {
  const last = entries.findLast((entry) => Date.parse(entry.at) <= at);
  return last === undefined || (last.until !== null && Date.parse(last.until) <= at) ? null : last;
}

/**
 * The version that a rollback goes to: the one that the alias pointed to before, where a rollback takes back what it went back from; `null`:
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
