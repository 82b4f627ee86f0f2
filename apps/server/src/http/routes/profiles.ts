import { DEFAULT_PROJECT, type WorkflowDefinition } from '@loopwright/engine';
import {
  type ProfileView,
  errorResponseSchema,
  profileListSchema,
  projectIdSchema,
  runEstimateSchema,
  toJson,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { profileOf } from '../../runs/profile/profile.ts';
import { profileName } from '../../runs/profile/profiles.ts';
import { type ModelsAskedParts, modelsAsked } from '../../agents/models-asked.ts';
import type { AppParts } from '../app.ts';
import { namePlace, pageOf, pageQuery } from '../manners/pages.ts';

const schemaOfInputs = z.looseObject({ properties: z.looseObject({ inputs: z.record(z.string(), z.unknown()) }) });

/** `/profiles`: what runs can be made of, and what one is to be expected to take. */
export function profileRoutes({
  engine,
  runs,
  models,
  settings,
}: Pick<AppParts, 'engine' | 'runs' | 'models' | 'settings'>): FastifyPluginAsyncZod {
  return async (api) => {
    api.get(
      '/profiles',
      {
        schema: {
          tags: ['runs'],
          summary: 'The profiles that runs can be made of, by name',
          querystring: pageQuery,
          response: { 200: profileListSchema, 400: errorResponseSchema },
        },
      },
      async ({ query }) => {
        const all = [...engine.definitions.values()].flatMap(
          (definition) => viewOf(definition, { models, settings, definitions: engine.definitions }) ?? [],
        );
        const { page, ...rest } = pageOf(all, query, { place: ({ profile }) => [profile], schema: namePlace });
        return { profiles: page, ...rest };
      },
    );

    api.get(
      '/profiles/:profile/estimate',
      {
        schema: {
          tags: ['runs'],
          summary: 'What a run of a profile is to be expected to take, from completed ones',
          params: z.object({ profile: z.string().min(1).max(63) }),
          querystring: z.object({ project_id: projectIdSchema.default(DEFAULT_PROJECT) }),
          response: { 200: runEstimateSchema, 400: errorResponseSchema, 404: errorResponseSchema, 422: errorResponseSchema },
        },
      },
      async ({ access, params: { profile }, query: { project_id: projectId } }) =>
        runs.estimate({ profile, projectId }, access.scope('executions:read')),
    );
  };
}

function viewOf(definition: WorkflowDefinition, parts: ModelsAskedParts): ProfileView | undefined {
  const profile = profileOf(definition);
  if (profile === undefined) return undefined;
  const { document, input } = definition.document;
  const schema = input?.schema;
  const described = schemaOfInputs.safeParse(schema !== undefined && 'document' in schema ? schema['document'] : undefined);
  const inputs = described.success
    ? z.record(z.string(), z.json()).safeParse(toJson(described.data.properties.inputs))
    : undefined;
  const { asks, reason } = modelsAsked(definition, parts);
  return {
    profile: profileName(profile.name),
    title: profile.title,
    summary: document.summary ?? null,
    version: profile.version,
    aliases: [...profile.aliases],
    phases: profile.phases.map(({ name, title, agents, gates }) => ({ phase: name, title: title ?? name, agents, gates })),
    asks_models: asks,
    models_reason: reason,
    inputs_schema: inputs?.success === true ? inputs.data : null,
  };
}
