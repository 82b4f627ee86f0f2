import type { ProgramStore } from '@loopwright/edge';
import { ACTIVE_ALIAS, PlatformError, type RolloutPlan, toJson } from '@loopwright/protocol';
import { performanceDelta, testsOf } from './judge-rollout.ts';
import { type RolloutRow, percentageOf } from './rollout-state.ts';

/** What the edge is to do while a rollout is under way. */
export function planOf(row: RolloutRow): RolloutPlan {
  const { rollout_id, mode, incumbent, candidate } = row;
  return { rollout_id, mode, incumbent, candidate, percentage: percentageOf(row) };
}

/**
 * Lets the alias point to the candidate, with what the rollout has seen as evidence. The same rollout again moves nothing twice; a pointer that somebody else has
 * moved stays where it is.
 */
export async function finishPromotion(
  programs: ProgramStore,
  row: RolloutRow,
): Promise<{ isDone: boolean; reason: string | null }> {
  const { program, alias, candidate, incumbent, rollout_id: id } = row;
  const { totals } = row.evidence;
  const by = row.history.findLast(({ action }) => action === 'promote')?.by ?? null;
  const evidence = {
    rollout_id: id,
    moved_by: by ?? row.created_by,
    comment: row.status_reason ?? row.comment,
    by_rules: by === null,
    figures: totals,
    tests: testsOf(row.evidence),
    performance_delta: performanceDelta(totals),
    shadow: row.evidence.shadow,
  };
  try {
    const { digest } = await programs.loadMetadata(program, candidate);
    await programs.setAlias(program, alias, candidate, {
      expected: incumbent,
      record: { id: `rollout-${id}`, program, version: candidate, digest, execution_id: null, evidence: toJson(evidence) },
    });
    return { isDone: true, reason: row.status_reason };
  } catch (error) {
    if (error instanceof PlatformError && error.code === 'ALIAS_MOVED') return { isDone: false, reason: error.message };
    throw error;
  }
}

/** Why a rollout has ended whose alias points elsewhere by now. */
export function endedBy({ alias }: Pick<RolloutRow, 'alias'>, version: number | null): string {
  if (alias === ACTIVE_ALIAS) return `Version ${version} was made active meanwhile`;
  return version === null ? `The alias "${alias}" was removed` : `The alias "${alias}" was moved to version ${version} meanwhile`;
}
