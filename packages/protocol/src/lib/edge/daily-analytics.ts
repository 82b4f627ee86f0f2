import { z } from 'zod';

/** `datasets/{task_id}/analytics/daily-stats-YYYY-MM-DD.json`, keys as in the source. Latencies in milliseconds, over successes only. */
export const dailyAnalyticsSchema = z.object({
  date: z.iso.date(),
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
export type DailyAnalytics = z.infer<typeof dailyAnalyticsSchema>;
