import { sampleStateSchema } from '@loopwright/protocol';
import { z } from 'zod';

/** What the URL of the list says. */
export const programsSearchSchema = z.object({
  q: z.string().trim().min(1).max(63).optional().catch(undefined),
});

/** The tabs of a program, in their order; the first one is shown when the URL names none. */
export const PROGRAM_TABS = [
  'overview',
  'versions',
  'rollout',
  'history',
  'playground',
  'analytics',
  'drift',
  'samples',
  'money',
] as const;

const tokens = z.int().min(0).max(10_000_000).optional().catch(undefined);
const version = z.int().min(1).max(999_999_999).optional().catch(undefined);

/** What the URL of a program says: which tab, and what is open in it. */
export const programSearchSchema = z.object({
  tab: z.enum(PROGRAM_TABS).optional().catch(undefined),
  /** The version that is shown, and the one that it is compared with. */
  version,
  against: version,
  view: z.enum(['code', 'code-diff', 'behaviour', 'about']).optional().catch(undefined),
  /** An instant, for what was active then. */
  at: z.iso.datetime({ offset: true }).optional().catch(undefined),
  /** Days that analytics are about. */
  days: z
    .union([z.literal(1), z.literal(7), z.literal(30), z.literal(90)])
    .optional()
    .catch(undefined),
  /** The samples that are listed. */
  samples: sampleStateSchema.optional().catch(undefined),
  /** Id of the rollout that is shown. */
  rollout: z.string().max(100).optional().catch(undefined),
  /** What the money is compared with. */
  model: z
    .string()
    .max(300)
    .regex(/^[^/]+\/.+$/)
    .optional()
    .catch(undefined),
  requests: z.number().positive().max(1_000_000_000).optional().catch(undefined),
  input_tokens: tokens,
  output_tokens: tokens,
});
export type ProgramSearch = z.infer<typeof programSearchSchema>;
