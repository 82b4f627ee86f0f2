import { z } from 'zod';

/** Spans of one message. */
export const MODULE_SPANS_LIMIT = 64;

/** One span of a module: something that it did for a call, below the span that the call named in `traceparent`. */
export const moduleSpanSchema = z.strictObject({
  trace_id: z.string().regex(/^(?!0{32})[0-9a-f]{32}$/),
  span_id: z.string().regex(/^(?!0{16})[0-9a-f]{16}$/),
  parent_span_id: z.string().regex(/^(?!0{16})[0-9a-f]{16}$/),
  name: z.string().min(1).max(100),
  /** Milliseconds since 1970 UTC, with fractions. */
  start_ms: z.number().min(0).max(8.64e15),
  duration_ms: z.number().min(0).max(604_800_000),
  ok: z.boolean(),
  attributes: z
    .record(z.string().min(1).max(60), z.union([z.string().max(200), z.number(), z.boolean()]))
    .refine((attributes) => Object.keys(attributes).length <= 16, 'there are more than 16'),
});
export type ModuleSpan = z.infer<typeof moduleSpanSchema>;

/**
 * Module → orchestrator: what it did. The orchestrator exports it, so that a module needs no network for it. The spans are read one by one: a wrong one
 * costs itself.
 */
export const moduleSpansMessageSchema = z.object({
  op: z.literal('spans'),
  spans: z.array(z.unknown()).max(MODULE_SPANS_LIMIT),
  /** Spans that the module left out since the message before, because there were too many. */
  dropped: z.int().min(0).max(1e12),
});
export type ModuleSpansMessage = Omit<z.infer<typeof moduleSpansMessageSchema>, 'spans'> & {
  readonly spans: readonly ModuleSpan[];
};
