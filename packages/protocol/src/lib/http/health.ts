import { z } from 'zod';

/** `GET /health` of the server. */
export const serverHealthSchema = z.object({
  status: z.enum(['healthy', 'degraded']),
  version: z.string(),
  pid: z.int(),
  uptime_seconds: z.number(),
  /** Why the engine's store refused the last write; left out while it takes them. */
  store_fault: z.string().optional(),
  /** Why what is in the folder of policies does not hold; left out while it does. The policies before it hold. */
  policy_fault: z.string().optional(),
  /** What the edge says of the walls around programs; `null` while it cannot be asked. */
  edge: z
    .object({
      status: z.enum(['healthy', 'degraded']),
      programs: z.int(),
      /** `bubblewrap`, or `none`. */
      jail: z.string(),
      /** Walls of the operating system that stand around programs, Python's included, of how many; and the names of those that do not. */
      walls_standing: z.int(),
      walls: z.int(),
      walls_missing: z.array(z.string()),
      /** Why programs are not run at all; `null` when they are. */
      refusal: z.string().nullable(),
      memory_watch: z.string(),
      workers: z.int(),
      restarts: z.int(),
    })
    .nullable()
    .optional(),
  modules: z.array(
    z.object({
      id: z.string(),
      status: z.string(),
      /** Whether the server is degraded while it does not run. */
      required: z.boolean(),
      pid: z.int().nullable(),
      listen: z.string().nullable(),
      restarts: z.int(),
      last_exit: z
        .object({
          code: z.int().nullable(),
          signal: z.string().nullable(),
          reason: z.string(),
          at: z.iso.datetime({ offset: true }),
        })
        .nullable(),
      since: z.iso.datetime({ offset: true }),
    }),
  ),
});
export type ServerHealth = z.infer<typeof serverHealthSchema>;

/** `GET /ready`: whether work can be taken, and what of it cannot. */
export const readinessSchema = z.object({
  ready: z.boolean(),
  checks: z.array(z.object({ name: z.string(), ready: z.boolean(), reason: z.string().nullable() })),
});
export type Readiness = z.infer<typeof readinessSchema>;
