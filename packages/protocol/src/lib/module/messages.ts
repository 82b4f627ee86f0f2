import { z } from 'zod';

/**
 * The part of the module protocol (`reference/domain.md` §2.2) that supervision needs: newline-delimited JSON, `op` and
 * the fields flattened beside it. The first line that a module reads is the bare {@link moduleInitSchema}.
 */
export const moduleInitSchema = z.object({
  orchestrator_api: z.string(),
  module_id: z.string(),
  env: z.record(z.string(), z.string()).default({}),
  /** `host:port`; port 0 lets the module choose. */
  listen: z.string(),
  /** Expected as `Authorization: Bearer …` on everything that only the orchestrator may call. */
  auth_token: z.string().optional(),
});
export type ModuleInit = z.infer<typeof moduleInitSchema>;

/** Module → orchestrator. */
export const moduleMessageSchema = z.discriminatedUnion('op', [
  z.object({
    op: z.literal('announce'),
    listen: z.string(),
    endpoints: z.array(z.object({ path: z.string(), methods: z.array(z.string()) })),
  }),
  z.object({ op: z.literal('heartbeat_ack') }),
]);
export type ModuleMessage = z.infer<typeof moduleMessageSchema>;

/** Orchestrator → module. */
export const orchestratorMessageSchema = z.discriminatedUnion('op', [
  z.object({ op: z.literal('heartbeat') }),
  z.object({ op: z.literal('shutdown') }),
]);
export type OrchestratorMessage = z.infer<typeof orchestratorMessageSchema>;

/** The longest line that either side accepts, in bytes. */
export const MODULE_LINE_LIMIT_BYTES = 1024 * 1024;
