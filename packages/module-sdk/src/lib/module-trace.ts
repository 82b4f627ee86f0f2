// T1. Nothing here waits, throws into the work that it describes, or holds more than its limits: what is too much is counted and left out.
// T2. A call without a sampled `traceparent` has no spans, and neither has anything in it.
import { AsyncLocalStorage } from 'node:async_hooks';
import { type Clock, MODULE_SPANS_LIMIT, type ModuleSpan, type ModuleSpansMessage, type Random } from '@loopwright/protocol';

type Attributes = ModuleSpan['attributes'];

/** What a {@link ModuleTrace} works with. */
export interface ModuleTraceOptions {
  /** Takes a message to the orchestrator; gives `false` when it cannot take more now. Must not throw. */
  readonly send: (message: ModuleSpansMessage) => boolean;
  readonly clock: Clock;
  readonly random: Random;
}

/** A span that is under way. */
export interface OpenSpan {
  /** Runs something as part of it. */
  run<T>(work: () => T): T;
  /** Ends it; once. */
  end(outcome?: { readonly ok?: boolean; readonly attributes?: Attributes }): void;
}

/** Spans of one call; a batch of a hundred thousand must not fill a collector. */
const SPANS_A_CALL = 100;
/** Spans of all calls in one second. */
const SPANS_A_SECOND = 500;
/** How long spans are collected before they are sent, in milliseconds. */
const COLLECT_MS = 200;
const TRACE_PARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]([0-9a-f])$/;

interface Call {
  readonly traceId: string;
  left: number;
}
interface Place {
  readonly call: Call;
  readonly spanId: string;
}

/** What a module did for the calls that it got, told to the orchestrator over the module channel. Without options it does nothing, at no cost. */
export class ModuleTrace {
  readonly #options: ModuleTraceOptions | null;
  readonly #place = new AsyncLocalStorage<Place>();
  #waiting: ModuleSpan[] = [];
  #dropped = 0;
  #second = 0;
  #inSecond = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(options: ModuleTraceOptions | null) {
    this.#options = options;
  }

  /** Begins the span of a call; `undefined` when nobody wants to know of it. */
  open(name: string, traceparent: unknown): OpenSpan | undefined {
    if (this.#options === null || typeof traceparent !== 'string') return undefined;
    const [, traceId, parentId, flags] = TRACE_PARENT.exec(traceparent) ?? [];
    if (traceId === undefined || parentId === undefined || (Number.parseInt(flags ?? '0', 16) & 1) === 0) return undefined;
    return this.#begin(name, { call: { traceId, left: SPANS_A_CALL }, spanId: parentId });
  }

  /** Runs a part of the call at work in a span of its own; what it throws goes on. */
  span<T>(name: string, work: () => Promise<T>, attributesOf?: (result: T) => Attributes): Promise<T> {
    const place = this.#options === null ? undefined : this.#place.getStore();
    const span = place === undefined ? undefined : this.#begin(name, place);
    return span === undefined ? work() : this.#runIn(span, work, attributesOf);
  }

  /** Follows something that tells of its stages one after the other: each is a span of the call at work. */
  stages(prefix: string): { enter(stage: string): void; end(ok: boolean): void } {
    const place = this.#place.getStore();
    let current: { readonly stage: string; readonly span: OpenSpan | undefined } | undefined;
    return {
      enter: (stage) => {
        if (place === undefined || current?.stage === stage) return;
        current?.span?.end();
        current = { stage, span: this.#begin(`${prefix} ${stage}`, place) };
      },
      end: (ok) => {
        current?.span?.end({ ok });
        current = undefined;
      },
    };
  }

  /** Sends what is left; what cannot be taken now is lost. */
  close(): void {
    this.#cancelTimer?.();
    while (this.#waiting.length > 0) this.#flush();
  }

  async #runIn<T>(span: OpenSpan, work: () => Promise<T>, attributesOf?: (result: T) => Attributes): Promise<T> {
    try {
      const result = await span.run(work);
      span.end({ attributes: attributesOf?.(result) ?? {} });
      return result;
    } catch (error) {
      span.end({ ok: false });
      throw error;
    }
  }

  #begin(name: string, { call, spanId: parentId }: Place): OpenSpan | undefined {
    const options = this.#options;
    if (options === null) return undefined;
    if (call.left <= 0) {
      this.#dropped += 1;
      return undefined;
    }
    call.left -= 1;
    const spanId = options.random.uuid().replaceAll('-', '').slice(16);
    const startMs = options.clock.now();
    const began = performance.now();
    let isOpen = true;
    return {
      run: (work) => this.#place.run({ call, spanId }, work),
      end: ({ ok = true, attributes = {} } = {}) => {
        if (!isOpen) return;
        isOpen = false;
        this.#keep({
          trace_id: call.traceId,
          span_id: spanId,
          parent_span_id: parentId,
          name: name.slice(0, 100),
          start_ms: startMs,
          duration_ms: Math.max(0, performance.now() - began),
          ok,
          attributes,
        });
      },
    };
  }

  #keep(span: ModuleSpan): void {
    const options = this.#options;
    if (options === null) return;
    const second = Math.floor(options.clock.now() / 1000);
    if (second !== this.#second) [this.#second, this.#inSecond] = [second, 0];
    if (this.#inSecond >= SPANS_A_SECOND) {
      this.#dropped += 1;
      return;
    }
    this.#inSecond += 1;
    this.#waiting.push(span);
    if (this.#waiting.length >= MODULE_SPANS_LIMIT) this.#flush();
    this.#cancelTimer ??= options.clock.schedule(COLLECT_MS, () => {
      this.#cancelTimer = undefined;
      if (this.#waiting.length > 0) this.#flush();
    });
  }

  #flush(): void {
    const spans = this.#waiting.splice(0, MODULE_SPANS_LIMIT);
    if (this.#options?.send({ op: 'spans', spans, dropped: this.#dropped }) === true) this.#dropped = 0;
    else this.#dropped += spans.length;
  }
}
