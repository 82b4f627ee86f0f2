import { z } from 'zod';

/** Any value that JSON can carry. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A JSON object. */
export type JsonObject = { [key: string]: Json };

/** Accepts any JSON value; refuses `undefined`, functions, dates, NaN and infinities. */
export const jsonSchema: z.ZodType<Json> = z.json();

/** Accepts a JSON object. */
export const jsonObjectSchema: z.ZodType<JsonObject> = z.record(z.string(), jsonSchema);
