import { z } from 'zod';

/** Any value that JSON can carry. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A JSON object. */
export type JsonObject = { [key: string]: Json };

/** Accepts any JSON value; refuses `undefined`, functions, dates, NaN and infinities. */
export const jsonSchema: z.ZodType<Json> = z.json();

/** Accepts a JSON object. */
export const jsonObjectSchema: z.ZodType<JsonObject> = z.record(z.string(), jsonSchema);

/** A value as JSON carries it: what `undefined`, dates and `toJSON` methods become on the wire. Throws on cycles and big integers. */
export function toJson(value: unknown): Json {
  const text = JSON.stringify(value);
  return text === undefined ? null : (JSON.parse(text) as Json);
}
