import { type SpanContext, isSpanContextValid } from '@opentelemetry/api';

/** The header of W3C Trace Context that says which span a request belongs to. */
export const TRACE_PARENT_HEADER = 'traceparent';

/** Version, trace, span, flags; a version after the first may have more behind them. `ff` is no version. */
const TRACE_PARENT = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** The span that a `traceparent` names; `undefined` when it is none. */
export function parseTraceParent(value: string): SpanContext | undefined {
  const [, version, traceId = '', spanId = '', flags = '', more] = TRACE_PARENT.exec(value.trim()) ?? [];
  if (version === undefined || (version === '00' && more !== undefined)) return undefined;
  const span = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) };
  return isSpanContextValid(span) ? span : undefined;
}

/** The value of the header for a span. */
export function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}
