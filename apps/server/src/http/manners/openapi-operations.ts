import { z } from 'zod';

const mediaTypes = z.record(
  z.string(),
  z.looseObject({
    schema: z.looseObject({}).optional(),
    example: z.unknown().optional(),
    examples: z.record(z.string(), z.looseObject({ value: z.unknown() })).optional(),
  }),
);

const operationSchema = z.looseObject({
  operationId: z.string().optional(),
  summary: z.string().optional(),
  tags: z.array(z.string()).optional(),
  parameters: z
    .array(
      z.looseObject({
        name: z.string(),
        in: z.enum(['path', 'query', 'header', 'cookie']),
        schema: z.looseObject({}).optional(),
      }),
    )
    .default([]),
  requestBody: z.looseObject({ content: mediaTypes, required: z.boolean().optional() }).optional(),
  responses: z.record(z.string(), z.looseObject({ content: mediaTypes.optional() })),
});

const documentSchema = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), operationSchema)) });

/** One operation of an OpenAPI document. */
export interface Operation extends z.output<typeof operationSchema> {
  /** In capitals, as in a request. */
  readonly method: string;
  /** With `{name}` for each parameter. */
  readonly path: string;
}

/** The operations of an OpenAPI 3.1 document, for tests and tools that walk all of them. Throws when it is not one. */
export function operationsOf(document: unknown): Operation[] {
  const { paths } = documentSchema.parse(document);
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => Object.assign(operation, { method: method.toUpperCase(), path })),
  );
}

/** The first example of an operation's JSON body; `undefined` without one. */
export function exampleOf({ requestBody }: Operation): unknown {
  const body = requestBody?.content['application/json'];
  return body?.example ?? Object.values(body?.examples ?? {})[0]?.value;
}
