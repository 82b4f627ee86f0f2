import { z } from 'zod';
import type { RunPhaseTable } from './run-tables.ts';
import { type RecordedUsage, recordedUsageSchema } from './state/recorded-usage.ts';

/** How long a phase took, people's time included; `null` until it has ended. */
export function secondsOf({
  started_at: from,
  completed_at: to,
}: Pick<RunPhaseTable, 'started_at' | 'completed_at'>): number | null {
  return from === null || to === null ? null : Math.max(0, to - from) / 1000;
}

/** From the first start to the last end of a phase; `null` until one has ended. */
export function totalSeconds(phases: readonly RunPhaseTable[]): number | null {
  const starts = phases.flatMap(({ started_at }) => started_at ?? []);
  const ends = phases.flatMap(({ completed_at }) => completed_at ?? []);
  return starts.length === 0 || ends.length === 0 ? null : Math.max(0, Math.max(...ends) - Math.min(...starts)) / 1000;
}

/** What the agents of a phase used. */
export function usageIn({ usage }: Pick<RunPhaseTable, 'usage'>): RecordedUsage[] {
  return z.array(recordedUsageSchema).parse(JSON.parse(usage));
}
