import { jsonSchema } from '@loopwright/protocol';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';

/** How callers prove who they are, for the OpenAPI document. */
export const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', description: 'An API key (`lw_…`), or a JSON Web Token of a configured issuer' },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-loopwright_session',
    description: 'A session of a browser; changes need `X-CSRF-Token`',
  },
} as const;

/** How the schemas of the routes get into the OpenAPI document. */
export interface SchemaDescription {
  readonly transform: ReturnType<typeof createJsonSchemaTransform>;
  readonly transformObject: ReturnType<typeof createJsonSchemaTransformObject>;
}

/** Names the schema that contains itself, so that the document has it once and refers to it: without a name, its references point nowhere. */
export function describeSchemas(): SchemaDescription {
  const schemaRegistry = z.registry<{ id: string }>();
  schemaRegistry.add(jsonSchema, { id: 'Json' });
  return {
    transform: createJsonSchemaTransform({ schemaRegistry }),
    transformObject: createJsonSchemaTransformObject({ schemaRegistry }),
  };
}
