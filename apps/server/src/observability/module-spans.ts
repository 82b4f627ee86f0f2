// M1. What a module says of its spans is not trusted: it is read one by one, and a wrong one, one too many or one out of time costs nothing but itself.
// M2. They have a queue and an exporter of their own: however many come, those of the server itself are not crowded out.
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { type Clock, type ModuleSpan, moduleSpanSchema, moduleSpansMessageSchema } from '@loopwright/protocol';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';

type ReadableSpan = Parameters<BatchSpanProcessor['onEnd']>[0];
type HrTime = ReadableSpan['startTime'];

/** Spans of one module that are taken in one second; somewhat more than an honest module sends. */
const SPANS_A_SECOND = 600;
/** A span that claims to have begun longer ago than this, or to end after now by more than the clocks may differ, is a lie; in milliseconds. */
const OLDEST_MS = 86_400_000;
const AHEAD_MS = 60_000;
/** How often the log is told of what was left out, in milliseconds. */
const TELL_MS = 60_000;

interface Intake {
  readonly resource: Resource;
  second: number;
  taken: number;
  refused: number;
  toldAt: number;
}

/** Takes the spans that modules send over their channel, and exports them where those of the server go. */
export class ModuleSpans implements AsyncDisposable {
  readonly #processor: BatchSpanProcessor;
  readonly #clock: Clock;
  readonly #tell: (module: string, refused: number) => void;
  readonly #modules = new Map<string, Intake>();

  /** `url`: where an OTLP/HTTP collector takes traces; `tell` is called at most once a minute for a module whose spans were left out. */
  constructor({ url, clock, tell }: { url: string; clock: Clock; tell: (module: string, refused: number) => void }) {
    this.#processor = new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url }) });
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Takes one message of a module, whatever it is. Never throws. */
  take(module: string, message: unknown): void {
    const intake = this.#intakeOf(module);
    const now = this.#clock.now();
    const parsed = moduleSpansMessageSchema.safeParse(message);
    if (!parsed.success) intake.refused += 1;
    else {
      const second = Math.floor(now / 1000);
      if (second !== intake.second) [intake.second, intake.taken] = [second, 0];
      intake.refused += parsed.data.dropped;
      for (const value of parsed.data.spans) {
        const span = intake.taken >= SPANS_A_SECOND ? undefined : moduleSpanSchema.safeParse(value).data;
        const isTimely =
          span !== undefined && span.start_ms > now - OLDEST_MS && span.start_ms + span.duration_ms < now + AHEAD_MS;
        if (isTimely) {
          intake.taken += 1;
          this.#processor.onEnd(readable(span, intake.resource, module));
        } else intake.refused += 1;
      }
    }
    if (intake.refused === 0 || now - intake.toldAt < TELL_MS) return;
    intake.toldAt = now;
    this.#tell(module, intake.refused);
    intake.refused = 0;
  }

  /** Sends what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#processor.shutdown();
  }

  #intakeOf(module: string): Intake {
    const known = this.#modules.get(module);
    if (known !== undefined) return known;
    const resource = resourceFromAttributes({ 'service.name': `loopwright-${module}` });
    const intake: Intake = { resource, second: 0, taken: 0, refused: 0, toldAt: -Infinity };
    this.#modules.set(module, intake);
    return intake;
  }
}

/** A span of a module in the form of those that end here. */
function readable(span: ModuleSpan, resource: Resource, module: string): ReadableSpan {
  const { trace_id: traceId, span_id: spanId, parent_span_id: parentId, start_ms: start, duration_ms: duration } = span;
  const isRequest = /^(?:GET|POST) \//.test(span.name);
  return {
    name: span.name,
    kind: isRequest ? SpanKind.SERVER : SpanKind.INTERNAL,
    spanContext: () => ({ traceId, spanId, traceFlags: TraceFlags.SAMPLED }),
    parentSpanContext: { traceId, spanId: parentId, traceFlags: TraceFlags.SAMPLED, isRemote: isRequest },
    startTime: hrTime(start),
    endTime: hrTime(start + duration),
    duration: hrTime(duration),
    status: { code: span.ok ? SpanStatusCode.UNSET : SpanStatusCode.ERROR },
    attributes: span.attributes,
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: { name: `loopwright-${module}` },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}
