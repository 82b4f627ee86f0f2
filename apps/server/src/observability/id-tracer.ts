import { randomBytes } from 'node:crypto';
import {
  type Context,
  type Span,
  type SpanOptions,
  TraceFlags,
  type Tracer,
  context as contexts,
  isSpanContextValid,
  trace,
} from '@opentelemetry/api';

/** Begins spans that nobody collects: ids under the parent's, and nothing else, because every request and every step has one. */
export const idTracer: Pick<Tracer, 'startSpan'> = {
  startSpan(_name: string, _options?: SpanOptions, context: Context = contexts.active()): Span {
    const parent = trace.getSpanContext(context);
    const spanId = randomBytes(8).toString('hex');
    if (parent === undefined || !isSpanContextValid(parent))
      return trace.wrapSpanContext({ traceId: randomBytes(16).toString('hex'), spanId, traceFlags: TraceFlags.SAMPLED });
    const { traceId, traceFlags, traceState } = parent;
    return trace.wrapSpanContext({ traceId, spanId, traceFlags, ...(traceState === undefined ? {} : { traceState }) });
  },
};
