import { errorResponseSchema, jsonSchema } from '@loopwright/protocol';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';

/** How the schemas of the routes get into the OpenAPI document. */
export interface SchemaDescription {
  readonly transform: ReturnType<typeof createJsonSchemaTransform>;
  readonly transformObject: ReturnType<typeof createJsonSchemaTransformObject>;
}

/** Takes along what `describe` and `meta` said, examples above all. Names the schema that contains itself, so that the document has it once and refers to it: without a name, its references point nowhere. */
export function describeSchemas(): SchemaDescription {
  const schemaRegistry = z.globalRegistry;
  const named: readonly [z.ZodType, { id: string; description?: string }][] = [
    [jsonSchema, { id: 'Json' }],
    [
      errorResponseSchema,
      { id: 'Error', description: 'Every error; `x-error-catalogue` of this document has what each code means' },
    ],
  ];
  for (const [schema, meta] of named) if (!schemaRegistry.has(schema)) schemaRegistry.add(schema, meta);
  return {
    transform: createJsonSchemaTransform({ schemaRegistry }),
    transformObject: createJsonSchemaTransformObject({ schemaRegistry }),
  };
}
