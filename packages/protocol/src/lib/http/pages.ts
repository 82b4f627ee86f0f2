import { z } from 'zod';

/** Where the next page of a list begins: `?cursor=` of the next request. Opaque, valid as long as the list exists; `null` on the last page. */
export const nextCursorSchema = z.string().nullable();
