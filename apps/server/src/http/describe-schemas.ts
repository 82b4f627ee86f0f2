import { jsonSchema } from '@loopwright/protocol';
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
  if (!schemaRegistry.has(jsonSchema)) schemaRegistry.add(jsonSchema, { id: 'Json' });
  return {
    transform: createJsonSchemaTransform({ schemaRegistry }),
    transformObject: createJsonSchemaTransformObject({ schemaRegistry }),
  };
}
