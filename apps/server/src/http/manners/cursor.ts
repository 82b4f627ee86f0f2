import { PlatformError } from '@loopwright/protocol';
import { z } from 'zod';

/** A cursor as it comes in a query. */
export const cursorSchema = z.string().min(1).max(1000).describe('`next_cursor` of the page before').optional();

/** The text of a place in a list; `null` behind the last page. */
export function cursorOf(place: readonly (string | number)[] | null): string | null {
  return place === null ? null : Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** The place that a cursor stands for. Throws VALIDATION_ERROR for a text that no list of this kind gave. */
export function placeOf<Place>(cursor: string, schema: z.ZodType<Place>): Place {
  try {
    return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch (cause) {
    throw new PlatformError('VALIDATION_ERROR', 'Cannot read the cursor: it is not the `next_cursor` of a page of this list', {
      details: { in: 'querystring', issues: [{ pointer: '/querystring/cursor', message: 'is not a cursor of this list' }] },
      cause,
    });
  }
}
