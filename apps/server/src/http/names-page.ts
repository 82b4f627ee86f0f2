import { z } from 'zod';

/** A page of a list in the order of names. The cursor is the last name of the page before, so it is stable whatever is added. */
export const namesPage = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().max(200).default(''),
});

/** Cuts a list that was read with one entry more than the page has: the page, and the cursor of the next one. */
export function cutNames<Entry>(
  entries: readonly Entry[],
  limit: number,
  nameOf: (entry: Entry) => string,
): [page: Entry[], nextCursor: string | null] {
  const page = entries.slice(0, limit);
  const last = page.at(-1);
  return [page, entries.length > limit && last !== undefined ? nameOf(last) : null];
}
