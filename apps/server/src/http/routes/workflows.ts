import { type StartLimits, type StoredSchedule, type WorkflowDefinition, everyTask } from '@loopwright/engine';
import {
  PlatformError,
  type StartWorkflowRequest,
  type WorkflowDetail,
  errorResponseSchema,
  executionResponseSchema,
  startWorkflowRequestSchema,
  workflowDetailSchema,
  workflowListSchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { profileOf } from '../../runs/profile/profile.ts';
import { executionView } from '../execution-view.ts';
import { executionIdOf, idempotencyKeySchema } from '../idempotency.ts';
import { scheduleView } from '../schedule-view.ts';
import type { AppParts } from '../app.ts';
import { namePlace, pageOf, pageQuery } from '../manners/pages.ts';

/** `/workflows`: definitions, and starting one. */
export function workflowRoutes({ engine, random, tracing }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    const params = z.object({ workflow_id: z.string().max(200) });
    const find = (id: string): WorkflowDefinition => {
      const definition = engine.definitions.get(id);
      if (definition === undefined) throw new PlatformError('WORKFLOW_NOT_FOUND', `Cannot find the workflow "${id}"`);
      return definition;
    };

    api.get(
      '/workflows',
      {
        schema: {
          tags: ['workflows'],
          summary: 'Workflows that can be started, by their ids',
          querystring: pageQuery,
          response: { 200: workflowListSchema, 400: errorResponseSchema },
        },
      },
      async ({ access, query }) => {
        const seen = engine.schedules().filter(({ projectId }) => access.sees(projectId));
        const schedules = new Map(seen.map((schedule) => [schedule.workflow, scheduleView(schedule)]));
        const definitions = [...engine.definitions.values()];
        const { page, ...rest } = pageOf(definitions, query, { place: ({ name }) => [name], schema: namePlace });
        const workflows = page.map((definition) => {
          const { workflow_id, name, description, revision, effective_date, steps } = detailOf(definition);
          const schedule = schedules.get(definition.name) ?? null;
          return { workflow_id, name, description, revision, effective_date, step_count: steps.length, schedule };
        });
        return { workflows, ...rest };
      },
    );

    api.get(
      '/workflows/:workflow_id',
      {
        schema: {
          tags: ['workflows'],
          summary: 'A workflow and its definition',
          params,
          response: { 200: workflowDetailSchema, 404: errorResponseSchema },
        },
      },
      async ({ access, params: { workflow_id } }) => {
        const definition = find(workflow_id);
        const isSeen = ({ workflow, projectId }: StoredSchedule): boolean =>
          workflow === definition.name && access.sees(projectId);
        const schedule = engine.schedules().find(isSeen);
        return { ...detailOf(definition), schedule: schedule === undefined ? null : scheduleView(schedule) };
      },
    );

    api.post(
      '/workflows/:workflow_id/start',
      {
        config: { quota: 'starts' },
        schema: {
          tags: ['executions'],
          summary: 'Start an execution of a workflow',
          params,
          headers: z.looseObject({ 'idempotency-key': idempotencyKeySchema.optional() }),
          body: startWorkflowRequestSchema,
          response: {
            201: executionResponseSchema,
            400: errorResponseSchema,
            404: errorResponseSchema,
            409: errorResponseSchema,
          },
        },
      },
      async (request, reply) => {
        const workflow = requireNoProfile(find(request.params.workflow_id)).name;
        const key = request.headers['idempotency-key'];
        const executionId = key === undefined ? random.uuid() : executionIdOf(request.userId, workflow, key);
        tracing.starts(executionId);
        const { created, execution } = await engine.start({
          executionId,
          workflow,
          projectId: request.body.project_id,
          input: request.body.initial_context ?? {},
          startedBy: request.userId,
          ...limitsOf(request.body),
        });
        if (!created) reply.header('idempotent-replayed', 'true');
        return reply.status(201).header('location', `/api/v1/executions/${executionId}`).send(executionView(engine, execution));
      },
    );
  };
}

/** A profile that is started as a workflow would have no run, so nobody could advance it. */
function requireNoProfile(definition: WorkflowDefinition): WorkflowDefinition {
  if (profileOf(definition) === undefined) return definition;
  throw new PlatformError('INVALID_STATE', `Cannot start "${definition.name}": it is a profile, which POST /api/v1/runs runs`);
}

/** What the request says about limits. */
function limitsOf({ budgets, priority }: StartWorkflowRequest): StartLimits {
  return { ...(budgets === undefined ? {} : { budgets }), ...(priority === undefined ? {} : { priority }) };
}

function detailOf(definition: WorkflowDefinition): Omit<WorkflowDetail, 'schedule'> {
  const { document } = definition.document;
  const tasks = [...everyTask(definition.document.do)];
  const accepted = tasks.flatMap(({ named: { task } }) => {
    const docType = 'call' in task && task.call === 'accept' ? task.with?.['doc_type'] : undefined;
    return typeof docType === 'string' ? [docType] : [];
  });
  return {
    workflow_id: definition.name,
    name: document.title ?? definition.name,
    description: document.summary ?? null,
    schema_version: document.dsl,
    revision: definition.version,
    effective_date: textOf(document.metadata?.['effective_date']),
    scopes: [{ name: 'project', parent: null }],
    document_types: [...new Set(accepted)].map((name) => ({
      name,
      scope: 'project',
      acceptance_required: true,
      accepted_by: [],
    })),
    entity_types: [],
    steps: tasks.map(({ named: { name, task } }) => ({
      step_id: name,
      scope: 'project',
      role: textOf(task.metadata?.['role']),
      produces: textOf(task.metadata?.['produces']),
      is_iteration: false,
    })),
    digest: definition.digest,
    definition: definition.source,
  };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
