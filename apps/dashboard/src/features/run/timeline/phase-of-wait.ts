import type { PhaseInfo, Wait } from '@loopwright/protocol';

/** The phase that a wait is shown with: the one that it is in, or that it comes before; a pause with what was under way. */
export function phaseOfWait(
  { key, kind, subject, started_at: from }: Wait,
  phases: readonly Pick<PhaseInfo, 'phase' | 'started_at'>[],
): string | undefined {
  if (kind === 'advance') return subject ?? undefined;
  if (kind === 'pause') return (phases.findLast(({ started_at: began }) => began !== null && began <= from) ?? phases[0])?.phase;
  const first = /^[^/@]+/.exec(key)?.[0];
  return phases.find(({ phase }) => phase === first)?.phase;
}

/** The longest of many waits, in the order of time; one that lasts or whose end is not known counts as the longest. */
export function longest(waits: readonly Wait[], limit: number): readonly Wait[] {
  if (waits.length <= limit) return waits;
  const length = ({ started_at: from, ended_at: to }: Wait): number =>
    to === null ? Infinity : Date.parse(to) - Date.parse(from);
  const kept = new Set(waits.toSorted((one, other) => Math.sign(length(other) - length(one)) || 0).slice(0, limit));
  return waits.filter((wait) => kept.has(wait));
}
