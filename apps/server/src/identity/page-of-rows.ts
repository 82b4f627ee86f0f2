import { z } from 'zod';
import { cursorOf } from '../http/manners/cursor.ts';

/** Which page: the first one, or the one behind a cursor. */
export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** A place in a list that goes from the newest to the oldest, and among entries of one millisecond by their ids. */
export const placeSchema = z.tuple([z.int().nonnegative(), z.string().min(1).max(100)]);

/** One page of a list that was read with one entry more than the page has: the entries, and the cursor of the next page. */
export function cutPage<Row>(
  rows: readonly Row[],
  limit: number,
  placeOfRow: (row: Row) => z.infer<typeof placeSchema>,
): [Row[], string | null] {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return [page, cursorOf(rows.length > limit && last !== undefined ? placeOfRow(last) : null)];
}
