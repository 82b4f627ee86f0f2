import { z } from 'zod';
import { cursorOf, cursorSchema, placeOf } from './manners/cursor.ts';

/** A page of a list in the order of names. Its cursor is the last name of the page before, so it is stable whatever is added. */
export const namesPage = z.object({ limit: z.coerce.number().int().min(1).max(500).default(100), cursor: cursorSchema });

/** What a list is read with to give a page: one entry more than the page has, behind a name. */
export function rangeOf({ cursor, limit }: z.output<typeof namesPage>): { after: string; limit: number } {
  const [after] = cursor === undefined ? [''] : placeOf(cursor, z.tuple([z.string()]));
  return { after, limit: limit + 1 };
}

/** Cuts a list that was read so: the page, and the cursor of the next one. */
export function cutNames<Entry>(
  entries: readonly Entry[],
  limit: number,
  nameOf: (entry: Entry) => string,
): [page: Entry[], nextCursor: string | null] {
  const page = entries.slice(0, limit);
  const last = page.at(-1);
  return [page, cursorOf(entries.length > limit && last !== undefined ? [nameOf(last)] : null)];
}
