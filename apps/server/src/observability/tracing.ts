import { createHash } from 'node:crypto';
import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  context,
  trace,
} from '@opentelemetry/api';
import { type Clock, systemClock } from '@loopwright/protocol';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { TRACE_PARENT_HEADER, parseTraceParent } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { idTracer } from './id-tracer.ts';
import { ModuleSpans } from './module-spans.ts';

/** How many executions the trace of whoever started them is remembered of; the others have traces of their own. */
const REMEMBERED = 10_000;

// One for the process: it follows promises, so that what a step calls finds the step.
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

/**
 * The traces of one process, W3C Trace Context on every edge of it. Ids are made even when nobody collects spans, because logs and modules carry them.
 * A step's span belongs to the request that started its execution; after a restart, or when there was no request, to a trace made of the execution's id.
 */
export class Tracing {
  readonly #provider: TracerProvider | undefined;
  readonly #tracer: Pick<Tracer, 'startSpan'>;
  readonly #starts = new Map<string, SpanContext>();

  readonly #moduleSpans: ModuleSpans | undefined;

  /** `endpoint`: base URL of an OTLP/HTTP collector; `null`: spans go nowhere. `tell` is told of spans of modules that were left out. */
  constructor(
    endpoint: string | null,
    { clock = systemClock, tell = () => undefined }: { clock?: Clock; tell?: (module: string, refused: number) => void } = {},
  ) {
    this.#moduleSpans = endpoint === null ? undefined : new ModuleSpans({ url: tracesUrl(endpoint), clock, tell });
    this.#provider = endpoint === null ? undefined : providerFor(endpoint);
    this.#tracer = this.#provider?.getTracer('loopwright') ?? idTracer;
  }

  /** Begins the span of a request, under what its `traceparent` names. */
  beginRequest(name: string, traceparent: string | undefined): { span: Span; within: Context } {
    const remote = traceparent === undefined ? null : parseTraceParent(traceparent);
    const parent = remote === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...remote, isRemote: true });
    const span = this.#tracer.startSpan(name, { kind: SpanKind.SERVER }, parent);
    return { span, within: trace.setSpan(ROOT_CONTEXT, span) };
  }

  /** Takes note that the request at work starts this execution. */
  starts(executionId: string): void {
    const span = trace.getSpanContext(context.active());
    if (span === undefined) return;
    this.#starts.set(executionId, span);
    const [oldest] = this.#starts.keys();
    if (this.#starts.size > REMEMBERED && oldest !== undefined) this.#starts.delete(oldest);
  }

  /** Runs a step of an execution in a span of its own. */
  async step<T>(executionId: string, name: string, run: () => Promise<T>): Promise<T> {
    const parent = trace.setSpanContext(ROOT_CONTEXT, this.#starts.get(executionId) ?? traceOf(executionId));
    const span = this.#tracer.startSpan(name, { attributes: { 'loopwright.execution_id': executionId } }, parent);
    try {
      return await context.with(trace.setSpan(ROOT_CONTEXT, span), run);
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  }

  /** Takes what a module says of its spans; see {@link ModuleSpans.take}. */
  takeModuleSpans(module: string, message: unknown): void {
    this.#moduleSpans?.take(module, message);
  }

  /** Sends what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#moduleSpans?.[Symbol.asyncDispose]();
    await this.#provider?.shutdown();
  }
}

/** Where a collector takes traces. */
function tracesUrl(endpoint: string): string {
  return `${endpoint.replace(/\/$/, '')}/v1/traces`;
}

function providerFor(endpoint: string): TracerProvider {
  const exporter = new OTLPTraceExporter({ url: tracesUrl(endpoint) });
  return new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'loopwright' }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
}

/** The headers that a call to a module carries: where it belongs. */
export function traceHeaders(): Record<string, string> {
  const span = trace.getSpanContext(context.active());
  return span === undefined ? {} : { [TRACE_PARENT_HEADER]: traceparentOf(span) };
}

/** The value of the header `traceparent`. */
export function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}

/** The id of the trace at work, for logs. */
export function traceIdAtWork(): string | undefined {
  return trace.getSpanContext(context.active())?.traceId;
}

/** The same trace for the same execution, in each process that ever works on it. */
function traceOf(executionId: string): SpanContext {
  const digest = createHash('sha256').update(executionId).digest('hex');
  return { traceId: digest.slice(0, 32), spanId: digest.slice(32, 48), traceFlags: TraceFlags.SAMPLED, isRemote: true };
}
