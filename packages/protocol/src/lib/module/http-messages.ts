import { z } from 'zod';
import { HTTP_CHUNK_BYTES, HTTP_WINDOW_BYTES, MODULE_LINE_LIMIT_BYTES } from './limits.ts';

/** Correlates the messages of one exchange; the orchestrator chooses it. */
export const requestIdSchema = z.string().min(1).max(128);

/** Bytes as the source writes them (an array of numbers), or as text in base64 (version 2). */
const bytesSchema = z.union([
  z.string().max(MODULE_LINE_LIMIT_BYTES),
  z.custom<readonly number[]>(isBytes, 'must be an array of bytes or base64').meta({ description: 'array of integers 0 to 255' }),
]);
/** Bytes in a message. */
export type WireBytes = z.infer<typeof bytesSchema>;

/** Headers in a message: one text a name, several of `set-cookie` (version 2). */
export type WireHeaders = Record<string, string | string[]>;

// Checked by hand: every request has them, and the record of unions that says the same takes longer than all the rest of the message.
const headersSchema = z.custom<WireHeaders>(isHeaders, 'must be texts by name').meta({
  description:
    'object of texts (at most 65536 characters) or arrays of at most 64 texts, at most 256 names of at most 256 characters',
});

/** Orchestrator → module: a request, whole or with a body that follows. */
export const httpRequestSchema = z.object({
  op: z.literal('http_request'),
  request_id: requestIdSchema,
  method: z.string().regex(/^[A-Za-z]{1,20}$/),
  /** Path and query. */
  uri: z.string().min(1).max(16_384),
  headers: headersSchema.default({}),
  body: bytesSchema.nullish(),
  /** Version 2: the rest of the body comes as `http_body`. */
  streamed: z.boolean().optional(),
});

/** Module → orchestrator: the answer, whole or with a body that follows. */
export const httpResponseSchema = z.object({
  op: z.literal('http_response'),
  request_id: requestIdSchema,
  status_code: z.int().min(100).max(599),
  headers: headersSchema.default({}),
  body: bytesSchema.nullish(),
  /** Version 2: the rest of the body comes as `http_body`. */
  streamed: z.boolean().optional(),
});

/** Both ways, version 2: a piece of a streamed body. */
export const httpBodySchema = z.object({
  op: z.literal('http_body'),
  request_id: requestIdSchema,
  /** Base64; at most {@link HTTP_CHUNK_BYTES} of bytes. */
  data: z.string().max(Math.ceil(HTTP_CHUNK_BYTES / 3) * 4),
  /** Whether it is the last piece. */
  last: z.boolean(),
});

/** Both ways, version 2: the reader of a streamed body has room for so many bytes more. */
export const httpWindowSchema = z.object({
  op: z.literal('http_window'),
  request_id: requestIdSchema,
  bytes: z.int().min(1).max(HTTP_WINDOW_BYTES),
});

/** Both ways, version 2: the exchange is given up; its id is free after it. */
export const httpCancelSchema = z.object({
  op: z.literal('http_cancel'),
  request_id: requestIdSchema,
  reason: z.string().max(1000).optional(),
});

/** Whether a value is an array of bytes, as the source writes them. By hand: a schema for each number takes far longer than all the rest. */
export function isBytes(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => Number.isInteger(item) && item >= 0 && item <= 255);
}

/** Whether a value is headers as {@link WireHeaders} has them, within the limits. */
export function isHeaders(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const names = Object.keys(value);
  return names.length <= 256 && names.every((name) => name.length <= 256 && isHeader((value as Record<string, unknown>)[name]));
}

function isHeader(value: unknown): boolean {
  if (Array.isArray(value)) return value.length <= 64 && value.every((one) => typeof one === 'string' && one.length <= 65_536);
  return typeof value === 'string' && value.length <= 65_536;
}
