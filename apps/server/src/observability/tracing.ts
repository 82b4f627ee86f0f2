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
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { idTracer } from './id-tracer.ts';
import type { CollectorParts, SpanCollector } from './span-collector.ts';
import { TRACE_PARENT_HEADER, parseTraceParent, traceparentOf } from './trace-parent.ts';

/** How many executions the trace of whoever started them is remembered of; the others have traces of their own. */
const REMEMBERED = 10_000;

// One for the process: it follows promises, so that what a step calls finds the step.
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

/**
 * The traces of one process, W3C Trace Context on every edge of it. Ids are made even when nobody collects spans, because logs and modules carry them.
 * A step's span belongs to the request that started its execution; after a restart, or when there was no request, to a trace made of the execution's id.
 */
export class Tracing {
  readonly #collector: SpanCollector | undefined;
  readonly #tracer: Pick<Tracer, 'startSpan'>;
  readonly #starts = new Map<string, SpanContext>();

  /** Without a collector, spans go nowhere. */
  constructor(collector?: SpanCollector) {
    this.#collector = collector;
    this.#tracer = collector?.tracer ?? idTracer;
  }

  /** `endpoint`: base URL of an OTLP/HTTP collector; `null`: spans go nowhere. */
  static async open(endpoint: string | null, parts: CollectorParts): Promise<Tracing> {
    if (endpoint === null) return new Tracing();
    const { SpanCollector } = await import('./span-collector.ts');
    return new Tracing(new SpanCollector(endpoint, parts));
  }

  /** Begins the span of a request, under what its `traceparent` names. */
  beginRequest(name: string, traceparent: string | undefined): { span: Span; within: Context } {
    const remote = traceparent === undefined ? undefined : parseTraceParent(traceparent);
    const parent = remote === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...remote, isRemote: true });
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
    this.#collector?.modules.take(module, message);
  }

  /** Sends what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#collector?.[Symbol.asyncDispose]();
  }
}

/** The headers that a call to a module carries: where it belongs. */
export function traceHeaders(): Record<string, string> {
  const span = trace.getSpanContext(context.active());
  return span === undefined ? {} : { [TRACE_PARENT_HEADER]: traceparentOf(span) };
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
