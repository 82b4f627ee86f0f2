import { PlatformError } from '@loopwright/protocol';
import { z } from 'zod';

/** The last entry of a page: lists go from the newest to the oldest, and entries of one millisecond by their ids. */
export interface PagePosition {
  readonly at: number;
  readonly id: string;
}

/** Which page: the first one, or the one behind a cursor. */
export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

const positionSchema = z.tuple([z.int().nonnegative(), z.string().min(1).max(100)]);

/** A position as text for the wire. */
function writeCursor({ at, id }: PagePosition): string {
  return Buffer.from(JSON.stringify([at, id])).toString('base64url');
}

/** The position in a text of {@link writeCursor}. Throws VALIDATION_ERROR for any other text. */
export function readCursor(cursor: string): PagePosition {
  try {
    const [at, id] = positionSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
    return { at, id };
  } catch (error) {
    throw new PlatformError('VALIDATION_ERROR', 'Cannot go on with the list: the cursor is not one of this server', {
      cause: error,
    });
  }
}

/** One page of a list that was read with one entry more than the page has: the entries and where the next page begins. */
export function cutPage<Row>(
  rows: readonly Row[],
  limit: number,
  positionOf: (row: Row) => PagePosition,
): [Row[], string | null] {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return [page, rows.length > limit && last !== undefined ? writeCursor(positionOf(last)) : null];
}
