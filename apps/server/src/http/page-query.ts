import { z } from 'zod';
import { cursorSchema } from './manners/cursor.ts';

/** Which page of a list: `cursor` is `next_cursor` of the page before. */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: cursorSchema,
});
