import { monitorEventLoopDelay } from 'node:perf_hooks';
import { EXECUTION_STATUSES, type Engine } from '@loopwright/engine';
import type { ServerHealth } from '@loopwright/protocol';
import type { Histogram } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';

/** Seconds: from what a read takes to what a generation takes. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** What the gauges are read from. */
export interface MeasuredParts {
  readonly engine: Pick<Engine, 'read' | 'storeFault'>;
  readonly health: { health(): ServerHealth };
}

/** The figures of one server in Prometheus' text format. Gauges are read when somebody asks; nothing is kept per execution. */
export class Metrics {
  readonly #reader = new AskedReader();
  readonly #provider = new MeterProvider({
    resource: resourceFromAttributes({ 'service.name': 'loopwright' }),
    readers: [this.#reader],
  });
  readonly #requests: Histogram;
  readonly #steps: Histogram;
  readonly #loopDelay = monitorEventLoopDelay({ resolution: 10 });

  constructor({ engine, health }: MeasuredParts) {
    const meter = this.#provider.getMeter('loopwright');
    const histogram = (name: string, description: string): Histogram =>
      meter.createHistogram(name, { description, advice: { explicitBucketBoundaries: SECONDS } });
    this.#requests = histogram('http_server_request_duration_seconds', 'Time from a request to the end of its answer');
    this.#steps = histogram('loopwright_step_duration_seconds', 'Time that a step of an execution took, by function');
    this.#loopDelay.enable();
    const gauge = (name: string, description: string, read: () => Iterable<readonly [number, Record<string, string>]>): void =>
      meter.createObservableGauge(name, { description }).addCallback((result) => {
        for (const [value, attributes] of read()) result.observe(value, attributes);
      });
    gauge('loopwright_executions', 'Executions in the store, by status', () =>
      EXECUTION_STATUSES.map((status) => [engine.read.executions({ status, limit: 1 }).total, { status }] as const),
    );
    gauge('loopwright_store_writable', '1 while the store takes writes', () => [[engine.storeFault === undefined ? 1 : 0, {}]]);
    gauge('loopwright_module_running', '1 while a module runs', () =>
      health.health().modules.map(({ id, status }) => [status === 'running' ? 1 : 0, { module: id }] as const),
    );
    gauge('nodejs_eventloop_delay_p99_seconds', 'Delay of the event loop since the last reading, 99th percentile', () => {
      const seconds = this.#loopDelay.percentile(99) / 1e9;
      this.#loopDelay.reset();
      return [[seconds, {}]];
    });
    gauge('process_resident_memory_bytes', 'Resident memory', () => [[process.memoryUsage.rss(), {}]]);
    gauge('nodejs_heap_used_bytes', 'Used part of the heap', () => [[process.memoryUsage().heapUsed, {}]]);
    gauge('process_uptime_seconds', 'Time since the process started', () => [[process.uptime(), {}]]);
    meter
      .createObservableCounter('process_cpu_seconds_total', { description: 'Processor time of the process' })
      .addCallback((result) => {
        const { user, system } = process.cpuUsage();
        result.observe((user + system) / 1e6);
      });
  }

  /** Notes one request; `route` is the pattern, never the path, so that there are as many series as routes. */
  request(seconds: number, labels: { method: string; route: string; status: number }): void {
    this.#requests.record(seconds, {
      http_request_method: labels.method,
      http_route: labels.route,
      http_response_status_code: labels.status,
    });
  }

  /** Notes one run of a step. */
  step(seconds: number, labels: { function: string; outcome: 'done' | 'failed' }): void {
    this.#steps.record(seconds, labels);
  }

  /** Everything, as Prometheus reads it. */
  async text(): Promise<string> {
    const { resourceMetrics, errors } = await this.#reader.collect();
    if (errors.length > 0) throw new AggregateError(errors, 'Cannot read a figure');
    // Read with the first question: a good many servers are never asked.
    const { PrometheusSerializer } = await import('@opentelemetry/exporter-prometheus');
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the exporter has a copy of these enums, with the same numbers
    return new PrometheusSerializer().serialize(resourceMetrics);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#loopDelay.disable();
    await this.#provider.shutdown();
  }
}

/** Reads the figures when it is asked, and sends them nowhere. */
class AskedReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}
