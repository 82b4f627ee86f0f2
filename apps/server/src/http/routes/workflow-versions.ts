import type { Execution } from '@loopwright/engine';
import { type WorkflowVersions, errorResponseSchema, isoTime, workflowVersionsSchema } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AppParts } from '../app.ts';
import { cursorOf, numberPlace, pageQuery, placeOf } from '../manners/pages.ts';

/** `/workflows/{workflow_id}/versions`: what is pinned to which definition. */
export function workflowVersionRoutes({ engine }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    api.get(
      '/workflows/:workflow_id/versions',
      {
        schema: {
          tags: ['workflows'],
          summary: 'Definitions of a workflow, and the executions that still run an old one',
          params: z.object({ workflow_id: z.string().max(200) }),
          querystring: pageQuery,
          response: { 200: workflowVersionsSchema, 400: errorResponseSchema, 404: errorResponseSchema },
        },
      },
      async ({ access, params: { workflow_id }, query: { limit, cursor } }) => {
        const projects = access.scope('executions:read');
        const versions = engine.operations.versions(workflow_id, projects);
        const current = versions.find((version) => version.current)?.digest;
        const after = cursor === undefined ? undefined : placeOf(cursor, numberPlace)[0];
        const outdated = engine.read.openOnOther(workflow_id, current ?? '', { limit, after, projects });
        return {
          workflow_id,
          versions: versions.map(({ version, digest, createdAt, current: isCurrent, counts }) => {
            return { version, digest, registered_at: isoTime(createdAt), current: isCurrent, executions: counts };
          }),
          outdated: outdated.executions.map((execution) => offered(execution, current)),
          next_cursor: cursorOf(outdated.next === null ? null : [outdated.next]),
        };
      },
    );
  };
}

function offered(execution: Execution, current: string | undefined): WorkflowVersions['outdated'][number] {
  const { id, workflow, projectId, status, createdAt, version, definitionDigest } = execution;
  const path = `/api/v1/executions/${encodeURIComponent(id)}`;
  return {
    execution_id: id,
    workflow_id: workflow,
    project_id: projectId,
    status,
    started_at: isoTime(createdAt),
    definition: { version, digest: definitionDigest },
    offers: {
      move: current === undefined ? null : { path: `${path}/move`, body: { definition_digest: current } },
      finish: true,
      cancel: { path: `${path}/cancel` },
    },
  };
}
