import type { RunBulkFilter } from '@loopwright/protocol';
import { z } from 'zod';
import { createdOf, createdSpanSchema, createdText } from '../../shared/list/created-span.ts';

const text = z.string().trim().min(1).max(200).optional().catch(undefined);

/** What the URL of the list says; a value that is none is as if it were left out. */
export const runsSearchSchema = createdSpanSchema.extend({
  status: z.enum(['running', 'paused', 'completed', 'failed', 'cancelled']).optional().catch(undefined),
  profile: text,
  project: text,
  q: text,
  /** Only what waits for whoever looks. */
  waiting: z.literal(true).optional().catch(undefined),
  sort: z
    .enum([
      '-created_at',
      'created_at',
      '-updated_at',
      'updated_at',
      '-profile',
      'profile',
      '-project_name',
      'project_name',
      '-status',
      'status',
    ])
    .optional()
    .catch(undefined),
});
export type RunsSearch = z.infer<typeof runsSearchSchema>;

/** The order when the URL says none. */
export const NEWEST_FIRST = '-created_at';

/** What the API is asked for; `now` in milliseconds since 1970-01-01 UTC. */
export function bulkFilterOf({ status, profile, project, q, ...created }: RunsSearch, now: number): RunBulkFilter {
  const { after, before } = createdOf(created, now);
  return {
    ...(status === undefined ? {} : { status }),
    ...(profile === undefined ? {} : { profile }),
    ...(project === undefined ? {} : { project_id: project }),
    ...(q === undefined ? {} : { q }),
    ...(after === undefined ? {} : { created_after: after }),
    ...(before === undefined ? {} : { created_before: before }),
  };
}

/** Whether the URL narrows the list. */
export function isFiltered({ sort: _sort, ...rest }: RunsSearch): boolean {
  return Object.values(rest).some((value) => value !== undefined);
}

/** The filter in words, with how its parts are joined. */
export function filterText(search: RunsSearch): string {
  const parts = [
    search.status === undefined ? null : `status is ${search.status}`,
    search.profile === undefined ? null : `profile is ${search.profile}`,
    search.project === undefined ? null : `project is ${search.project}`,
    search.q === undefined ? null : `id, name, intake or profile contains “${search.q}”`,
    createdText('created', search),
    search.waiting === undefined ? null : 'waiting for me',
  ];
  const said = parts.filter((part) => part !== null);
  return said.length === 0 ? 'all runs' : said.join(' AND ');
}
