import type { Tracer } from '@opentelemetry/api';
import type { Clock } from '@loopwright/protocol';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { ModuleSpans } from './module-spans.ts';

/** What a collector of spans needs besides its address. `tell` is told of spans of modules that were left out. */
export interface CollectorParts {
  readonly clock: Clock;
  readonly tell: (module: string, refused: number) => void;
}

/** Sends spans to an OTLP/HTTP collector: those of this process and those of its modules. Only who has one imports this file: its packages are large. */
export class SpanCollector implements AsyncDisposable {
  readonly tracer: Tracer;
  readonly modules: ModuleSpans;
  readonly #provider: TracerProvider;

  /** `endpoint`: base URL of the collector. */
  constructor(endpoint: string, parts: CollectorParts) {
    const url = `${endpoint.replace(/\/$/, '')}/v1/traces`;
    this.modules = new ModuleSpans({ url, ...parts });
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': 'loopwright' }),
      spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url }) })],
    });
    this.tracer = this.#provider.getTracer('loopwright');
  }

  /** Sends what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.modules[Symbol.asyncDispose]();
    await this.#provider.shutdown();
  }
}
