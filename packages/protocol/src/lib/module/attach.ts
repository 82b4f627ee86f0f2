import { z } from 'zod';

/** The longest first line of a module that attaches, in bytes. */
export const MODULE_ATTACH_LIMIT_BYTES = 4096;

/** The first line that a module writes when it comes to an orchestrator over TCP, without an `op`. The orchestrator answers with the init line, or with a refusal. */
export const moduleAttachSchema = z.strictObject({
  /** Version of this line. */
  attach: z.literal(1),
  module_id: z.string().min(1).max(256),
  token: z.string().min(1).max(2048).optional(),
});
export type ModuleAttach = z.infer<typeof moduleAttachSchema>;

/** What a module that is not let in is told, before its connection is closed. */
export const moduleRefusalSchema = z.object({ refused: z.string().max(1000) });
