import { ERRORS, jsonObjectSchema, jsonSchema } from '@loopwright/protocol';
import { z } from 'zod';
import type { JsonSchema } from './schema-rows.ts';

const contentSchema = z.record(
  z.string(),
  z.looseObject({ schema: jsonObjectSchema.optional(), example: jsonSchema.optional() }),
);

const operationSchema = z.looseObject({
  operationId: z.string(),
  summary: z.string().default(''),
  description: z.string().default(''),
  tags: z.array(z.string()).default([]),
  /** What whoever asks needs, as the server's table of permissions has it. */
  'x-permission': z.string().nullable().default(null),
  parameters: z
    .array(z.looseObject({ name: z.string(), in: z.string(), required: z.boolean().default(false), schema: jsonObjectSchema }))
    .default([]),
  requestBody: z.looseObject({ required: z.boolean().default(false), content: contentSchema }).optional(),
  responses: z.record(z.string(), z.looseObject({ content: contentSchema.optional() })).default({}),
});

/** `GET /openapi.json`, as far as the page shows it. */
export const openapiSchema = z.looseObject({
  components: z.looseObject({ schemas: z.record(z.string(), jsonObjectSchema).default({}) }),
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
});
export type OpenapiDocument = z.infer<typeof openapiSchema>;

/** One thing that programs can ask of the server. */
export interface Operation {
  readonly id: string;
  /** In capitals. */
  readonly method: string;
  readonly path: string;
  readonly group: string;
  readonly summary: string;
  readonly description: string;
  /** A permission, `nothing` or `identity`; `null` when the document does not say it. */
  readonly permission: string | null;
  readonly parameters: z.infer<typeof operationSchema>['parameters'];
  readonly body: { readonly required: boolean; readonly content: Content } | null;
  readonly answers: readonly Answer[];
}

/** What is sent, by its content type. */
export type Content = Readonly<Record<string, { readonly schema?: JsonSchema | undefined; readonly example?: unknown }>>;

/** An answer by its status, which `default` stands for every other one of. */
export interface Answer {
  readonly status: string;
  readonly content: Content;
}

/** Everything that the document describes, in its order. */
export function operationsOf({ paths }: OpenapiDocument): readonly Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId: id, tags, summary, description, parameters, ...rest }]): Operation => ({
      id,
      method: method.toUpperCase(),
      path,
      group: tags[0] ?? 'other',
      summary,
      description,
      permission: rest['x-permission'],
      parameters,
      body: rest.requestBody ?? null,
      answers: Object.entries(rest.responses).map(([status, { content = {} }]) => ({ status, content })),
    })),
  );
}

/** Operations that have every word of a text in their path, name or what they do, of one group or of all. */
export function found(
  operations: readonly Operation[],
  { q = '', group }: { readonly q?: string | undefined; readonly group?: string | undefined },
): readonly Operation[] {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  return operations.filter((one) => {
    const text = `${one.method} ${one.path} ${one.id} ${one.summary} ${one.description} ${one.permission ?? ''}`.toLowerCase();
    return (group === undefined || one.group === group) && words.every((word) => text.includes(word));
  });
}

/** The codes of errors with this status, which programs tell them by. */
export function codesOf(status: string): readonly string[] {
  return Object.entries(ERRORS).flatMap(([code, error]) => (String(error.status) === status ? [code] : []));
}
