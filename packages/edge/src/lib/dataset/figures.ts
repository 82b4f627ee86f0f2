import type { AnalyticsFigures, DailyAnalytics, ExecutionRecord } from '@loopwright/protocol';
import { z } from 'zod';
import type { Day } from './day.ts';
import { LatencySketch, latencySketchSchema } from './latency-sketch.ts';

/** What of a record counts. */
export type CountedFields = Pick<ExecutionRecord, 'status' | 'latency_ms' | 'sampled_for_validation'>;

/** {@link Figures} as JSON. */
export const figuresSchema = z.object({
  total: z.int().nonnegative(),
  successful: z.int().nonnegative(),
  sampled: z.int().nonnegative(),
  latencies: latencySketchSchema,
});

/** Counts of executions and the latencies of the successes, kept record by record; two of them can be added. */
export class Figures {
  #total = 0;
  #successful = 0;
  #sampled = 0;
  #latencies = new LatencySketch();

  add({ status, latency_ms, sampled_for_validation }: CountedFields): void {
    this.#total += 1;
    if (sampled_for_validation) this.#sampled += 1;
    if (status !== 'success') return;
    this.#successful += 1;
    if (latency_ms !== null) this.#latencies.add(latency_ms);
  }

  merge(other: Figures): void {
    this.#total += other.#total;
    this.#successful += other.#successful;
    this.#sampled += other.#sampled;
    this.#latencies.merge(other.#latencies);
  }

  /** All records. */
  get total(): number {
    return this.#total;
  }

  /** Successes among them. */
  get successful(): number {
    return this.#successful;
  }

  /** Mean latency of the successes in milliseconds; 0 without any. */
  get averageMs(): number {
    return this.#latencies.mean;
  }

  /** The figures; all are 0 when nothing happened. Percentiles are right within `RELATIVE_ERROR`. */
  summary(): AnalyticsFigures {
    const share = (count: number): number => (this.#total === 0 ? 0 : count / this.#total);
    return {
      total_executions: this.#total,
      successful_executions: this.#successful,
      failed_executions: this.#total - this.#successful,
      success_rate: share(this.#successful),
      sampled_count: this.#sampled,
      sampling_rate: share(this.#sampled),
      avg_latency_ms: this.#latencies.mean,
      p50_latency_ms: this.#latencies.quantile(0.5),
      p99_latency_ms: this.#latencies.quantile(0.99),
    };
  }

  /** The document of a day. */
  toAnalytics(date: Day): DailyAnalytics {
    return { date, ...this.summary() };
  }

  toJson(): z.infer<typeof figuresSchema> {
    return {
      total: this.#total,
      successful: this.#successful,
      sampled: this.#sampled,
      latencies: this.#latencies.toJson(),
    };
  }

  static fromJson({ total, successful, sampled, latencies }: z.infer<typeof figuresSchema>): Figures {
    const figures = new Figures();
    figures.#total = total;
    figures.#successful = successful;
    figures.#sampled = sampled;
    figures.#latencies = LatencySketch.fromJson(latencies);
    return figures;
  }
}
