import type { DailyAnalytics, DriftVerdict, ProgramSummary } from '@loopwright/protocol';
import { countText, percentText } from '../../shared/time/format.ts';
import type { Tone } from '../../shared/ui/badge.tsx';
import type { IconName } from '../../shared/ui/icon.tsx';

/** How a program does, in a word and in a sentence. */
export interface Health {
  readonly text: string;
  readonly tone: Tone;
  readonly icon: IconName;
  readonly why: string;
}

/** Below this share of successes a program counts as failing, and below the other one it is worth a look. */
const FAILING = 0.9;
const WORTH_A_LOOK = 0.99;

/** How a program does, the worst thing first. `undefined` figures or verdict: not known yet, or not to be had. */
export function healthOf(
  { active_version: active, edge_url: edge }: Pick<ProgramSummary, 'active_version' | 'edge_url'>,
  today: DailyAnalytics | undefined,
  drift: DriftVerdict | undefined,
): Health {
  if (active === null) return { text: 'Not served', tone: 'neutral', icon: 'circle', why: 'No version is active' };
  if (edge === null)
    return { text: 'Edge is away', tone: 'danger', icon: 'failed', why: 'The edge runtime, which serves it, is not running' };
  if (today === undefined)
    return { text: 'Unknown', tone: 'neutral', icon: 'circle', why: 'The figures of today are not to be had' };
  const { total_executions: total, failed_executions: failed, success_rate: rate } = today;
  const failures = `${countText(failed)} of ${countText(total)} requests of today failed (${percentText(1 - rate)})`;
  if (total > 0 && rate < FAILING) return { text: 'Failing', tone: 'danger', icon: 'failed', why: failures };
  if (drift?.state === 'drifting') return { text: 'Drifting', tone: 'danger', icon: 'warning', why: drift.why };
  if (total > 0 && rate < WORTH_A_LOOK) return { text: 'Some failures', tone: 'warn', icon: 'warning', why: failures };
  if (drift?.state === 'suspect') return { text: 'May drift', tone: 'warn', icon: 'warning', why: drift.why };
  if (total === 0) return { text: 'Idle', tone: 'neutral', icon: 'circle', why: 'Served; no request came today' };
  return {
    text: 'Healthy',
    tone: 'good',
    icon: 'check',
    why: `${countText(total)} requests today, ${percentText(rate)} answered`,
  };
}
