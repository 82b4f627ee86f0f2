import { type BulkFilter, executionStatusSchema } from '@loopwright/protocol';
import { z } from 'zod';
import { createdOf, createdSpanSchema, createdText } from '../../shared/list/created-span.ts';

const text = z.string().trim().min(1).max(200).optional().catch(undefined);

/** What the URL of the list of executions says; a value that is none is as if it were left out. */
export const executionsSearchSchema = createdSpanSchema.extend({
  status: executionStatusSchema.optional().catch(undefined),
  /** Id of a workflow. */
  workflow: text,
  project: text,
  q: text,
  /** Only what waits for whoever looks. */
  waiting: z.literal(true).optional().catch(undefined),
  sort: z
    .enum(['-started_at', 'started_at', '-workflow_id', 'workflow_id', '-project_id', 'project_id', '-status', 'status'])
    .optional()
    .catch(undefined),
});
export type ExecutionsSearch = z.infer<typeof executionsSearchSchema>;

/** The order when the URL says none. */
export const NEWEST_FIRST = '-started_at';

/** What the API is asked for; `now` in milliseconds since 1970-01-01 UTC. */
export function bulkFilterOf({ status, workflow, project, q, ...created }: ExecutionsSearch, now: number): BulkFilter {
  const { after, before } = createdOf(created, now);
  return {
    ...(status === undefined ? {} : { status }),
    ...(workflow === undefined ? {} : { workflow_id: workflow }),
    ...(project === undefined ? {} : { project_id: project }),
    ...(q === undefined ? {} : { q }),
    ...(after === undefined ? {} : { created_from: after }),
    ...(before === undefined ? {} : { created_before: before }),
  };
}

/** Whether the URL narrows the list. */
export function isFiltered({ sort: _sort, ...rest }: ExecutionsSearch): boolean {
  return Object.values(rest).some((value) => value !== undefined);
}

/** The filter in words, with how its parts are joined. */
export function filterText(search: ExecutionsSearch): string {
  const parts = [
    search.status === undefined ? null : `status is ${search.status}`,
    search.workflow === undefined ? null : `workflow is ${search.workflow}`,
    search.project === undefined ? null : `project is ${search.project}`,
    search.q === undefined ? null : `workflow or project contains, or id begins with “${search.q}”`,
    createdText('started', search),
    search.waiting === undefined ? null : 'waiting for me',
  ];
  const said = parts.filter((part) => part !== null);
  return said.length === 0 ? 'all executions' : said.join(' AND ');
}
