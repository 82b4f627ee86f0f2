import { z } from 'zod';

/** Counts, and latencies in milliseconds over successes only; keys as in the source (`reference/domain.md` §3.2). */
export const analyticsFiguresSchema = z.object({
  total_executions: z.int().nonnegative(),
  successful_executions: z.int().nonnegative(),
  failed_executions: z.int().nonnegative(),
  success_rate: z.number().min(0).max(1),
  sampled_count: z.int().nonnegative(),
  sampling_rate: z.number().min(0).max(1),
  avg_latency_ms: z.number().nonnegative(),
  p50_latency_ms: z.number().nonnegative(),
  p99_latency_ms: z.number().nonnegative(),
});
export type AnalyticsFigures = z.infer<typeof analyticsFiguresSchema>;

/**
 * `datasets/{task_id}/analytics/daily-stats-YYYY-MM-DD.json`. The percentiles are right within 0.5 % of their value; with `?exact=true` they are
 * computed from the records.
 */
export const dailyAnalyticsSchema = z.object({ date: z.iso.date(), ...analyticsFiguresSchema.shape });
export type DailyAnalytics = z.infer<typeof dailyAnalyticsSchema>;

/** Days that one question is about at the most. */
const RANGE_DAYS_MAX = 366;

/** Which days, both included; to the edge's today when `to` is left out. */
export const rangeAnalyticsQuerySchema = z
  .strictObject({ from: z.iso.date(), to: z.iso.date().optional() })
  .refine(({ from, to }) => to === undefined || from <= to, 'from must not be after to')
  .refine(
    ({ from, to }) => to === undefined || Date.parse(to) - Date.parse(from) < RANGE_DAYS_MAX * 86_400_000,
    `must be ${RANGE_DAYS_MAX} days at the most`,
  );

const groupSchema = z.record(z.string(), analyticsFiguresSchema);

/** `GET /tasks/{task_id}/analytics/range?from=…&to=…`: the figures of days together, day by day, and in groups. */
export const rangeAnalyticsSchema = z.object({
  from: z.iso.date(),
  to: z.iso.date(),
  /** Share of its value by which a percentile may be wrong. */
  relative_error: z.number(),
  total: analyticsFiguresSchema,
  /** Days with records only, the oldest first. */
  days: z.array(dailyAnalyticsSchema),
  by_version: groupSchema,
  /** By the hour of the day, `0` to `23`. */
  by_hour: groupSchema,
  /** By kind of input: `empty`, `simple`, `moderate`, `complex`. */
  by_slice: groupSchema,
});
export type RangeAnalytics = z.infer<typeof rangeAnalyticsSchema>;
