import { z } from 'zod';

/** `GET /health` of the edge: the source's fields, then what is served and how it is walled in. */
export const edgeHealthSchema = z.object({
  status: z.enum(['healthy', 'degraded']),
  version: z.string(),
  task_id: z.string().nullable(),
  active_version: z.int().nullable(),
  programs: z.array(z.object({ task_id: z.string(), active_version: z.int(), digest: z.string() })),
  /** Where the other aliases of all programs point, as they are served. */
  aliases: z.array(z.object({ task_id: z.string(), alias: z.string(), version: z.int(), digest: z.string() })),
  sandbox: z.object({
    engine: z.string(),
    /** `bubblewrap`, or `none`. */
    jail: z.string(),
    /** What the operating system keeps from a program that has broken out of its isolate, as probed at the start. */
    walls: z.array(z.object({ name: z.string(), stands: z.boolean(), detail: z.string() })),
    /** Why programs are not run at all; `null` when they are. */
    refusal: z.string().nullable(),
    /** Who stops a program that takes too much memory: the kernel, the edge that looks every 25 ms, or only the isolate. */
    memory_watch: z.enum(['cgroup', 'resident', 'none']),
    workers: z.int(),
    restarts: z.int(),
    /** The second runner, for programs of Python, with a jail of its own; left out until there was such a program. */
    python: z
      .object({
        engine: z.string(),
        walls: z.array(z.object({ name: z.string(), stands: z.boolean(), detail: z.string() })),
        workers: z.int(),
        restarts: z.int(),
      })
      .optional(),
  }),
  /** The control plane that programs come from; left out where they come from nowhere. `trouble` says why the last look failed. */
  source: z.object({ url: z.string(), seen_at: z.string().nullable(), trouble: z.string().nullable() }).optional(),
});
export type EdgeHealth = z.infer<typeof edgeHealthSchema>;

/** `GET /metrics` of the edge, for one program or for all: the source's two figures, and what was lost since the start. */
export const edgeMetricsSchema = z.object({
  executions_today: z.int(),
  avg_latency_ms: z.number(),
  /** Lines that a crash had cut off and that were removed; they were never acknowledged. */
  torn_lines: z.int(),
  /** Records that could not be written and were dropped, as configured. */
  dropped_records: z.int(),
});
export type EdgeMetrics = z.infer<typeof edgeMetricsSchema>;
