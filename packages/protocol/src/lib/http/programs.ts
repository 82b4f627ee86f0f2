import { z } from 'zod';
import { programMetadataSchema } from '../edge/program-artifact.ts';
import { jsonObjectSchema } from '../json/json.ts';
import { nextCursorSchema } from './pages.ts';

/** A set of labelled examples that the server keeps, named by its digest. */
export const examplesDescriptionSchema = z.object({
  digest: z.string(),
  count: z.int(),
  labels: z.record(z.string(), z.int()),
  kind: z.enum(['text', 'tabular', 'other']),
  duplicates: z.int(),
  conflicts: z.int(),
  bytes: z.int(),
});
export type ExamplesDescription = z.infer<typeof examplesDescriptionSchema>;

/** A program and where it is served. */
export const programSummarySchema = z.object({
  name: z.string(),
  /** The project that it belongs to: what somebody may do with it is said there. */
  project_id: z.string(),
  active_version: z.int().nullable(),
  versions: z.array(z.int()),
  /** Base URL of the edge runtime that serves it; `null` while the edge is not running. */
  edge_url: z.string().nullable(),
});
export type ProgramSummary = z.infer<typeof programSummarySchema>;
/** What the pages of a list say besides their entries; `total` is of all of them. */
const pageFields = { total: z.int(), next_cursor: nextCursorSchema };
/** `GET /api/v1/programs`, by their names. */
export const programListSchema = z.object({ programs: z.array(programSummarySchema), ...pageFields });
/** `GET …/versions`, the oldest first. */
export const programVersionsSchema = z.object({ versions: z.array(programMetadataSchema), ...pageFields });
/** Where an alias of a program points. */
export const programAliasSchema = z.object({
  program: z.string(),
  alias: z.string(),
  /** `null`: nothing was promoted yet; only of `active`, which is always there. */
  version: z.int().nullable(),
  digest: z.string().nullable(),
  /** When it was moved there; `null` when it never was. */
  moved_at: z.iso.datetime({ offset: true }).nullable(),
  /** Which versions answer, and how much of the requests each, in percent. */
  weights: z.array(z.object({ version: z.int(), percentage: z.number() })),
  /** The rollout that is under way beside it; `null`: none. */
  rollout_id: z.string().nullable(),
});
export type ProgramAlias = z.infer<typeof programAliasSchema>;

/** `GET …/aliases`: `active` first, then the others by name. */
export const programAliasListSchema = z.object({ aliases: z.array(programAliasSchema), ...pageFields });

/** `PUT …/aliases/{alias}`. */
export const moveAliasRequestSchema = z
  .strictObject({ version: z.int().min(1), comment: z.string().max(10_000).optional() })
  .meta({ examples: [{ version: 3, comment: 'Version 4 answers too slowly' }] });

/** `GET …/promotions`, the oldest first. */
export const promotionListSchema = z.object({ promotions: z.array(jsonObjectSchema), ...pageFields });
