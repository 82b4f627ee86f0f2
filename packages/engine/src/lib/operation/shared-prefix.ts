import { deadlineKey, isUnder, watchedPart } from '../embedded/deadline-key.ts';
import type { Passed } from '../embedded/rehearsal.ts';
import type { JournalEntry } from '../execution/execution.ts';

/** Ending of the key that holds what decided a `fork`. */
const DECIDED = '@decided';

/** Where a new execution leaves the record of another one. */
export interface Cut {
  /** The key of the task that is executed again; `undefined` when it is the whole workflow. */
  readonly key: string | undefined;
  /** Whether what a replay comes by after that task is dropped too; else everything that ended outside of it is shared. */
  readonly dropsLater: boolean;
}

/**
 * The entries of a journal that an execution which begins again at a task takes over: what has ended, what a replay comes by, and what does not
 * hold the task itself. The decision of a `fork` and the deadline of a part around the task are made anew.
 */
export function sharedPrefix(
  journal: readonly JournalEntry[],
  passed: readonly Passed[],
  { key, dropsLater }: Cut,
): JournalEntry[] {
  if (key === undefined) return [];
  const end = passed.findIndex((item) => item.kind === 'task' && item.key === key);
  const met = new Set<string>();
  for (const item of dropsLater ? passed.slice(0, end) : passed) if (item.kind === 'operation') met.add(entryKeyOf(item));
  return journal.filter(
    (entry) =>
      (entry.state === 'done' || entry.state === 'failed') &&
      met.has(entry.key) &&
      !isUnder(entry.key, key) &&
      entry.key !== deadlineKey(key) &&
      !isAround(entry, key),
  );
}

/** The parts of a journal that keep a replay from going inside: forks that are decided and times that are over, the last one passed first. */
export function closedParts(journal: readonly JournalEntry[], passed: readonly Passed[]): JournalEntry[] {
  const byKey = new Map(journal.map((entry) => [entry.key, entry]));
  return passed.toReversed().flatMap((item) => {
    const entry = item.kind === 'operation' ? byKey.get(entryKeyOf(item)) : undefined;
    const isClosed = entry?.kind === 'decision' || (entry?.kind === 'deadline' && entry.state === 'done');
    return entry !== undefined && isClosed ? [entry] : [];
  });
}

/** The journal with a part open again, so that a replay goes inside. */
export function reopened(journal: readonly JournalEntry[], part: JournalEntry): JournalEntry[] {
  return journal.flatMap((entry): JournalEntry[] => {
    if (entry.key !== part.key) return [entry];
    return entry.kind === 'deadline' ? [{ ...entry, state: 'waiting', dueAt: null, recordedAt: null }] : [];
  });
}

/** The key of the journal entry that an operation reads first. */
export function entryKeyOf({ key, method }: { key: string; method: string }): string {
  if (method === 'deadline') return deadlineKey(key);
  return method === 'branches' ? key + DECIDED : key;
}

function isAround({ key, kind }: JournalEntry, inner: string): boolean {
  if (kind === 'deadline') return isUnder(inner, watchedPart(key));
  return kind === 'decision' && isUnder(inner, key.slice(0, -DECIDED.length));
}
