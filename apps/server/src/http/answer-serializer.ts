import type { FastifySerializerCompiler } from 'fastify';
import { ResponseSerializationError } from 'fastify-type-provider-zod';
import { z } from 'zod';

/**
 * Writes answers as their schemas say: what no schema knows is left out, and an answer that does not fit is INTERNAL_ERROR. The schemas of answers transform
 * nothing, so they are read forwards: backwards, as the type provider does it, Zod looks at every value with a limit twice.
 */
export const answerSerializer: FastifySerializerCompiler<z.ZodType | { properties: z.ZodType }> = ({ schema, method, url }) => {
  const answer = schema instanceof z.ZodType ? schema : schema.properties;
  return (data) => {
    const result = answer.safeParse(data);
    if (!result.success) throw new ResponseSerializationError(method, url, { cause: result.error });
    return JSON.stringify(result.data);
  };
};
