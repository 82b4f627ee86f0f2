import { PlatformError } from '@loopwright/protocol';
import { z } from 'zod';

/** A cursor as it comes in a query. */
export const cursorSchema = z.string().min(1).max(1000).describe('`next_cursor` of the page before').optional();

/** Which page of a list: at most `limit` entries, from the beginning or behind a cursor. */
export const pageQuery = z.object({ limit: z.coerce.number().int().min(1).max(500).default(100), cursor: cursorSchema });

/** The same for code that has its own query beside it. */
export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** What an entry of a list is ordered by. It names the entry, and never changes: so a cursor stays where it is whatever is added or removed. */
export type Place = readonly (string | number)[];

/** A place in a list that goes by names. */
export const namePlace = z.tuple([z.string()]);
/** A place in a list that goes by numbers. */
export const numberPlace = z.tuple([z.int().nonnegative()]);
/** A list of entries that are only ever added behind the last one, so that the number of one is its name: which of them comes first. */
export const numberedQuery = pageQuery.extend({ sort: z.enum(['at', '-at']).default('at') });

/** A page of such a list. */
export function pageOfNumbered<Entry>(
  entries: readonly Entry[],
  { sort, ...query }: z.infer<typeof numberedQuery>,
): { readonly page: Entry[]; readonly total: number; readonly next_cursor: string | null } {
  const placed = entries.map((entry, at): [number, Entry] => [sort === 'at' ? at : Number.MAX_SAFE_INTEGER - at, entry]);
  const { page, ...rest } = pageOf(placed, query, { place: ([place]) => [place], schema: numberPlace });
  return { page: page.map(([, entry]) => entry), ...rest };
}

/** A place in a list that goes by time, and among entries of one millisecond by their ids. */
export const timePlace = z.tuple([z.int().nonnegative(), z.string().min(1).max(200)]);

/** The text of a place in a list; `null` behind the last page. */
export function cursorOf(place: Place | null): string | null {
  return place === null ? null : Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** The place that a cursor stands for. Throws VALIDATION_ERROR for a text that no list of this kind gave. */
export function placeOf<Known>(cursor: string, schema: z.ZodType<Known>): Known {
  try {
    return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch (cause) {
    throw new PlatformError('VALIDATION_ERROR', 'Cannot read the cursor: it is not the `next_cursor` of a page of this list', {
      details: { in: 'querystring', issues: [{ pointer: '/querystring/cursor', message: 'is not a cursor of this list' }] },
      cause,
    });
  }
}

/** What a list in the order of names is read with to give a page: one entry more than the page has, behind a name. */
export function rangeOfNames({ cursor, limit }: PageRequest): { after: string; limit: number } {
  const [after] = cursor === undefined ? [''] : placeOf(cursor, namePlace);
  return { after, limit: limit + 1 };
}

/** Cuts a list that was read with one entry more than the page has: the page, and the cursor of the next one. */
export function cutPage<Entry>(
  entries: readonly Entry[],
  limit: number,
  place: (entry: Entry) => Place,
): [page: Entry[], nextCursor: string | null] {
  const page = entries.slice(0, limit);
  const last = page.at(-1);
  return [page, cursorOf(entries.length > limit && last !== undefined ? place(last) : null)];
}

/** A page of a list that is in memory as a whole, in the ascending order of its places; `total` counts all of it. Without a cursor it begins at `offset`. */
export function pageOf<Entry>(
  entries: readonly Entry[],
  { limit, cursor, offset = 0 }: PageRequest & { readonly offset?: number },
  { place, schema }: { readonly place: (entry: Entry) => Place; readonly schema: z.ZodType<Place> },
): { readonly page: Entry[]; readonly total: number; readonly next_cursor: string | null } {
  const after = cursor === undefined ? undefined : placeOf(cursor, schema);
  const inOrder = entries.toSorted((one, other) => comparePlaces(place(one), place(other)));
  const rest = after === undefined ? inOrder.slice(offset) : inOrder.filter((entry) => comparePlaces(place(entry), after) > 0);
  const [page, next_cursor] = cutPage(rest, limit, place);
  return { page, total: entries.length, next_cursor };
}

/** Below 0 when the first place comes first; part by part, and texts by their code units, so that it is the same everywhere. */
function comparePlaces(one: Place, other: Place): number {
  for (const [index, part] of one.entries()) {
    const against = other[index];
    if (against === undefined) return 1;
    if (part !== against) return part < against ? -1 : 1;
  }
  return one.length - other.length;
}
