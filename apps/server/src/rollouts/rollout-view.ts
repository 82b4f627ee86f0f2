import { hash } from 'node:crypto';
import { type Rollout, isoTime } from '@loopwright/protocol';
import { judgeRollout, performanceDelta, testsOf } from './judge-rollout.ts';
import { type RolloutRow, shownPercentage, stageSamples } from './rollout-state.ts';

/** Whether a rollout still does something. */
export function isUnderWay({ status }: Pick<RolloutRow, 'status'>): boolean {
  return status === 'in_progress' || status === 'paused' || status === 'promoting';
}

/** A rollout as people see it; `now` in milliseconds since 1970 UTC. */
export function rolloutView(row: RolloutRow, now: number): Rollout {
  const { evidence, settings } = row;
  return {
    rollout_id: row.rollout_id,
    program: row.program,
    alias: row.alias,
    mode: row.mode,
    incumbent: row.incumbent,
    candidate: row.candidate,
    status: row.status,
    status_reason: row.status_reason,
    current_stage: row.stage + 1,
    current_percentage: shownPercentage(row),
    stages: settings.stages,
    stage_seconds: settings.stage_seconds,
    minimum_samples: settings.minimum_samples,
    stage_started_at: isoTime(row.stage_started_at),
    stage_samples: stageSamples(row),
    waits_for: waitsFor(row, now),
    figures: evidence.totals,
    tests: testsOf(evidence),
    performance_delta: performanceDelta(evidence.totals),
    shadow: evidence.shadow,
    history: row.history,
    comment: row.comment,
    created_by: row.created_by,
    started_at: isoTime(row.created_at),
    completed_at: row.completed_at === null ? null : isoTime(row.completed_at),
    revision: row.revision,
  };
}

/** Strong: the rollout with this tag does what it did then; figures may have grown. */
export function rolloutTag({ rollout_id: id, revision }: Pick<Rollout, 'rollout_id' | 'revision'>): string {
  return `"${id}-${revision}"`;
}

/**
 * The tag of an answer that shows a rollout, figures and all: another one as soon as the answer is another one, so that nobody who keeps answers takes an old one for
 * this. Whoever changes the rollout may name it too ({@link nameRevision}): figures that grew meanwhile are no reason to refuse that.
 */
export function shownTag(rollout: Pick<Rollout, 'rollout_id' | 'revision'>, answer: object): string {
  return `${rolloutTag(rollout).slice(0, -1)}.${hash('sha1', JSON.stringify(answer), 'base64url')}"`;
}

/** `If-Match` with the tags of answers in it made those of what they show. */
export function nameRevision(wanted: string | undefined): string | undefined {
  return wanted?.replaceAll(/\.[\w-]+"/g, '"');
}

function waitsFor(row: RolloutRow, now: number): string | null {
  if (row.status === 'promoting') return 'the edge to serve the candidate';
  if (!isUnderWay(row)) return null;
  if (row.mode === 'shadow') return 'somebody to promote it or to end it';
  const verdict = judgeRollout(row, now);
  return verdict.action === 'wait' || verdict.action === 'pause' ? verdict.reason : 'the next look at the figures';
}
