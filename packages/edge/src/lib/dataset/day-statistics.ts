import type { DailyAnalytics, ExecutionRecord } from '@loopwright/protocol';
import type { Day } from './day.ts';

/** What of a record counts. */
export type CountedFields = Pick<ExecutionRecord, 'status' | 'latency_ms' | 'sampled_for_validation'>;

/**
 * The figures of one day, kept record by record. Latencies are counted by value: they are whole microseconds, so that there are
 * few different ones and percentiles are exact.
 */
export class DayStatistics {
  #total = 0;
  #successful = 0;
  #sampled = 0;
  #latencySum = 0;
  #latencyCount = 0;
  readonly #latencies = new Map<number, number>();

  add({ status, latency_ms, sampled_for_validation }: CountedFields): void {
    this.#total += 1;
    if (sampled_for_validation) this.#sampled += 1;
    if (status !== 'success') return;
    this.#successful += 1;
    if (latency_ms === null) return;
    this.#latencyCount += 1;
    this.#latencySum += latency_ms;
    this.#latencies.set(latency_ms, (this.#latencies.get(latency_ms) ?? 0) + 1);
  }

  /** Records of the day. */
  get total(): number {
    return this.#total;
  }

  /** Successes among them. */
  get successful(): number {
    return this.#successful;
  }

  /** Mean latency of the successes in milliseconds; 0 without any. */
  get averageMs(): number {
    return this.#latencyCount === 0 ? 0 : this.#latencySum / this.#latencyCount;
  }

  /** The document of the day; all figures are 0 when nothing happened. */
  toAnalytics(date: Day): DailyAnalytics {
    const share = (count: number): number => (this.#total === 0 ? 0 : count / this.#total);
    const sorted = [...this.#latencies.keys()].sort((one, other) => one - other);
    return {
      date,
      total_executions: this.#total,
      successful_executions: this.#successful,
      failed_executions: this.#total - this.#successful,
      success_rate: share(this.#successful),
      sampled_count: this.#sampled,
      sampling_rate: share(this.#sampled),
      avg_latency_ms: this.averageMs,
      p50_latency_ms: this.#percentile(sorted, 0.5),
      p99_latency_ms: this.#percentile(sorted, 0.99),
    };
  }

  /** The value at index `int(n·p)` of all latencies in order (`reference/domain.md` §3.2). */
  #percentile(sorted: readonly number[], p: number): number {
    let left = Math.trunc(this.#latencyCount * p);
    for (const latency of sorted) {
      left -= this.#latencies.get(latency) ?? 0;
      if (left < 0) return latency;
    }
    return 0;
  }
}
