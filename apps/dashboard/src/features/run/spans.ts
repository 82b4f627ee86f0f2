import type { PhaseInfo } from '@loopwright/protocol';

/** Where a bar begins and how long it is, in per cent of the axis. */
export interface Span {
  readonly left: number;
  readonly width: number;
}

/** The shortest bar that can be seen, in per cent. */
const LEAST = 0.8;

/** The phases on one axis from the first beginning to the last end; one that is under way reaches to `now` (milliseconds since 1970-01-01 UTC). */
export function spansOf(
  phases: readonly Pick<PhaseInfo, 'phase' | 'started_at' | 'completed_at'>[],
  now: number,
): Map<string, Span> {
  const begun = phases.flatMap(({ phase, started_at: from, completed_at: to }) =>
    from === null ? [] : [{ phase, from: Date.parse(from), to: to === null ? now : Date.parse(to) }],
  );
  const first = Math.min(...begun.map(({ from }) => from));
  const length = Math.max(1, Math.max(...begun.map(({ to }) => to)) - first);
  return new Map(
    begun.map(({ phase, from, to }) => {
      const width = Math.max(LEAST, ((to - from) / length) * 100);
      return [phase, { left: Math.min(100 - width, ((from - first) / length) * 100), width }];
    }),
  );
}
