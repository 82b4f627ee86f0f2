/** From when to when something lasts; `to` is null while it does, `from` before it has begun. */
export interface Lasting {
  readonly started_at: string | null;
  readonly ended_at: string | null;
}

/** The time that a timeline shows, in milliseconds since 1970-01-01 UTC. */
export interface Axis {
  readonly first: number;
  readonly length: number;
  /** What lasts reaches to here. */
  readonly now: number;
}

/** Where a bar begins and how long it is, in per cent of the axis. */
export interface Span {
  readonly left: number;
  readonly width: number;
}

/** The shortest bar that can be seen, in per cent. */
const LEAST = 0.8;

/** From the first beginning to the last end. */
export function axisOf(all: readonly Lasting[], now: number): Axis {
  const begun = all.flatMap(({ started_at: from, ended_at: to }) =>
    from === null ? [] : [{ from: Date.parse(from), to: to === null ? now : Date.parse(to) }],
  );
  const first = Math.min(...begun.map(({ from }) => from));
  return { first, length: Math.max(1, Math.max(...begun.map(({ to }) => to)) - first), now };
}

/** The place of something on an axis; nothing for what has not begun. */
export function spanOn({ first, length, now }: Axis, { started_at: from, ended_at: to }: Lasting): Span | undefined {
  if (from === null) return undefined;
  const width = Math.max(LEAST, (((to === null ? now : Date.parse(to)) - Date.parse(from)) / length) * 100);
  return { left: Math.min(100 - width, ((Date.parse(from) - first) / length) * 100), width };
}
