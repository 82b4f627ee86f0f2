/** Something that the doctor saw. An `error` has to be dealt with, a `warning` should be, an `info` only says how things are. */
export interface Finding {
  readonly severity: 'error' | 'warning' | 'info';
  /** Which check found it: a name that does not change. */
  readonly check: string;
  /** What it is and what it means. */
  readonly message: string;
  /** What to do about it; empty when there is nothing to do. */
  readonly fix: string;
}

/** How many of one kind are told one by one. */
const TOLD = 10;

/** One finding each for the first ones, and one for the rest, so that a broken store does not fill the screen. */
export function severalFindings<T>(items: readonly T[], tell: (item: T) => Finding): Finding[] {
  const findings = items.slice(0, TOLD).map(tell);
  const last = findings.at(-1);
  if (last !== undefined && items.length > TOLD)
    findings.push({ ...last, message: `There are ${items.length - TOLD} more findings of the check "${last.check}"` });
  return findings;
}
