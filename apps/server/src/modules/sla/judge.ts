import type { Figures } from './module-figures.ts';

/** What is promised of a module. */
export interface Sla {
  /** Of the time in which it should serve. @default 99.9 */
  readonly availabilityPercent: number;
  /** Mean to the head of an answer. @default 100 */
  readonly latencyMs: number;
  /** Of the requests. @default 1 */
  readonly errorPercent: number;
  /** Requests a second that it must get; `null`: what nobody asks is no fault of the module. @default null */
  readonly throughputPerSecond: number | null;
  /** Over which it is measured, at most an hour. @default 3 600 000 */
  readonly windowMs: number;
}

export const DEFAULT_SLA: Sla = {
  availabilityPercent: 99.9,
  latencyMs: 100,
  errorPercent: 1,
  throughputPerSecond: null,
  windowMs: 3_600_000,
};

/** When people are told. */
export interface AlertThresholds {
  /** Mean to the head of an answer. @default 500 */
  readonly latencyMs: number;
  /** Of the requests. @default 5 */
  readonly errorPercent: number;
  /** Less requests than in the span before, by so much. @default 50 */
  readonly throughputDropPercent: number;
  /** @default 95 */
  readonly availabilityPercent: number;
  /** Requests without an answer at one time: as many as a module runs at once. @default 100 */
  readonly backlog: number;
  /** Between two looks, over the time since the last one. @default 300 000 */
  readonly everyMs: number;
}

export const DEFAULT_ALERTS: AlertThresholds = {
  latencyMs: 500,
  errorPercent: 5,
  throughputDropPercent: 50,
  availabilityPercent: 95,
  backlog: 100,
  everyMs: 300_000,
};

/** What can be told of a module; the source's names. */
export type AlertType =
  | 'HighLatency'
  | 'HighErrorRate'
  | 'LowThroughput'
  | 'LowAvailability'
  | 'ConnectionFailure'
  | 'QueueBacklog';

/** What is wrong, by how much, and from where on it is. */
export interface Finding {
  readonly type: AlertType;
  readonly value: number;
  readonly threshold: number;
}

/** What figures say; `null` where nothing was measured. */
export interface Rates {
  readonly availabilityPercent: number | null;
  readonly latencyMs: number | null;
  readonly errorPercent: number | null;
}

export function ratesOf({ requests, failed, lost, latencyMs, upMs, wantedMs }: Figures): Rates {
  const answered = requests - failed - lost;
  return {
    availabilityPercent: wantedMs === 0 ? null : (100 * upMs) / wantedMs,
    latencyMs: answered === 0 ? null : latencyMs / answered,
    errorPercent: requests === 0 ? null : (100 * (failed + lost)) / requests,
  };
}

/** Whether each promise is kept; `null` where nothing was measured or promised. */
export function judgeSla(
  figures: Figures,
  sla: Sla,
): Record<'availability' | 'latency' | 'errors' | 'throughput', boolean | null> {
  const { availabilityPercent, latencyMs, errorPercent } = ratesOf(figures);
  const { throughputPerSecond: least } = sla;
  return {
    availability: availabilityPercent === null ? null : availabilityPercent >= sla.availabilityPercent,
    latency: latencyMs === null ? null : latencyMs <= sla.latencyMs,
    errors: errorPercent === null ? null : errorPercent <= sla.errorPercent,
    throughput: least === null ? null : figures.requests / (sla.windowMs / 1000) >= least,
  };
}

/** Fewer requests say nothing about latency and errors: one that fails would be all of them. */
const FEW = 10;
/** Fewer requests in the span before say nothing about a drop. */
const FEW_BEFORE = 100;

/** What is wrong in a span, beside the one before it. */
export function findings(now: Figures, before: Figures, limits: AlertThresholds): Finding[] {
  const { availabilityPercent, latencyMs, errorPercent } = ratesOf(now);
  const drop = before.requests < FEW_BEFORE ? 0 : 100 - (100 * now.requests) / before.requests;
  const all: [AlertType, number | null, number, boolean][] = [
    ['HighLatency', latencyMs, limits.latencyMs, now.requests >= FEW && (latencyMs ?? 0) > limits.latencyMs],
    ['HighErrorRate', errorPercent, limits.errorPercent, now.requests >= FEW && (errorPercent ?? 0) > limits.errorPercent],
    ['LowThroughput', drop, limits.throughputDropPercent, drop > limits.throughputDropPercent],
    [
      'LowAvailability',
      availabilityPercent,
      limits.availabilityPercent,
      (availabilityPercent ?? 100) < limits.availabilityPercent,
    ],
    ['ConnectionFailure', now.lost, 0, now.lost > 0],
    ['QueueBacklog', now.backlog, limits.backlog, now.backlog > limits.backlog],
  ];
  return all.flatMap(([type, value, threshold, isWrong]) => (isWrong && value !== null ? [{ type, value, threshold }] : []));
}
