import { errorResponseSchema, evaluatePolicySchema, evaluatedPolicySchema, policyListSchema, toJson } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { readPolicy } from '../../governance/policy/read-policy.ts';
import { runNotFound } from '../../runs/create-run.ts';
import type { AppParts } from '../app.ts';
import { pageOf, pageQuery } from '../manners/pages.ts';

/** The universal layer comes first, then those of projects by their names. */
const policyPlace = z.tuple([z.int().min(0).max(1), z.string()]);

/** `/policies`: the layers that the server has, and what they would say. */
export function policyRoutes({
  engine,
  runs,
  governance,
}: Pick<AppParts, 'engine' | 'runs' | 'governance'>): FastifyPluginAsyncZod {
  return async (api) => {
    api.get(
      '/policies',
      {
        schema: {
          tags: ['policies'],
          summary: 'The policy layers of the server',
          querystring: pageQuery,
          response: { 200: policyListSchema, 400: errorResponseSchema },
        },
      },
      async ({ access, query }) => {
        const isSeen = ({ projectId }: { projectId: string | null }): boolean => projectId === null || access.sees(projectId);
        const list = governance.policies.list().filter(isSeen);
        const { page, ...rest } = pageOf(list, query, {
          place: ({ projectId }) => (projectId === null ? [0, ''] : [1, projectId]),
          schema: policyPlace,
        });
        const policies = page.map(({ layer, projectId, source, digest, document }) => ({
          layer,
          project_id: projectId,
          source,
          digest,
          document: z.record(z.string(), z.json()).parse(toJson(document)),
        }));
        return { policies, ...rest };
      },
    );

    api.post(
      '/policies/evaluate',
      {
        schema: {
          tags: ['policies'],
          summary: 'Merge policy layers and, for a run and a phase, evaluate the gates; nothing is recorded',
          body: evaluatePolicySchema.meta({
            examples: [{ project_id: 'default', run_policy: 'quality_gates: { max_complexity: 10 }' }],
          }),
          response: { 200: evaluatedPolicySchema, 400: errorResponseSchema, 404: errorResponseSchema, 409: errorResponseSchema },
        },
      },
      async ({ access, body: { project_id, run_policy, run_id, phase } }) => {
        const run = run_id === undefined ? undefined : await runs.find(run_id);
        if (run !== undefined && !access.mayIn(run.project_id, 'executions:read')) throw runNotFound(run.run_id);
        const layer = run_policy === undefined ? undefined : readPolicy(run_policy, 'run_policy');
        const policy = governance.policyOf(run?.project_id ?? project_id, layer);
        if (run === undefined || phase === undefined) return { policy: policy.view, results: null, hygiene: null };
        const request = { executionId: run.execution_id, phase, gates: [], policy };
        const { results, hygiene } = await governance.assess(request, engine.read);
        return { policy: policy.view, results, hygiene };
      },
    );
  };
}
