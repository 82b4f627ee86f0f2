import type { Page, Snapshot } from './messages.ts';

/**
 * Puts the parts of a record together: a message of Restate has a limit, an execution has not. What is settled does not change any more, so
 * parts that were read one after the other fit; the version is that of the first, so that what happened meanwhile is noticed.
 */
export async function wholeRecord(first: Page, read: (after: string) => Promise<Page | null>): Promise<Snapshot> {
  const entries = [...first.entries];
  let { next } = first;
  while (next !== null) {
    const page = await read(next);
    entries.push(...(page?.entries ?? []));
    next = page?.next ?? null;
  }
  const { version, lastSeq, execution, tasks, early, listening } = first;
  return { version, lastSeq, execution, entries, tasks, early, listening };
}
