import { type Json, jsonSchema } from '@loopwright/protocol';
import { z } from 'zod';
import { type AuthenticationReference, authenticationSchema } from './authentication-policy.ts';

/** What a call gives: the content as a value, all of the response, or the bytes as base64. */
export type OutputForm = 'content' | 'response' | 'raw';

const outputSchema = z.enum(['raw', 'content', 'response']).default('content');
const scalarSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);
export const endpointSchema = z
  .union([z.string().min(1), z.strictObject({ uri: z.string().min(1), authentication: authenticationSchema.optional() })])
  .transform((endpoint): Endpoint => (typeof endpoint === 'string' ? { uri: endpoint } : endpoint));

/** A URI template and how to be let in there. */
export interface Endpoint {
  readonly uri: string;
  readonly authentication?: AuthenticationReference | undefined;
}

/** The arguments of `call: http`, as the schema of the standard has them; header and query values may be numbers or booleans too. */
export interface HttpArguments {
  readonly method: string;
  readonly endpoint: Endpoint;
  readonly headers?: Readonly<Record<string, string | number | boolean | null>> | undefined;
  readonly query?: Readonly<Record<string, Json>> | undefined;
  readonly body?: Json | undefined;
  readonly output: OutputForm;
  readonly redirect: boolean;
}

export const httpArgumentsSchema: z.ZodType<HttpArguments> = z.strictObject({
  method: z
    .string()
    .regex(/^[A-Za-z]{1,20}$/, 'is no HTTP method')
    .transform((method) => method.toUpperCase())
    .refine((method) => !['CONNECT', 'TRACE', 'TRACK'].includes(method), 'is a method that cannot be called'),
  endpoint: endpointSchema,
  headers: z.record(z.string(), scalarSchema).optional(),
  query: z.record(z.string(), z.union([scalarSchema, z.array(scalarSchema)])).optional(),
  body: jsonSchema.optional(),
  output: outputSchema,
  redirect: z.boolean().default(false),
});

/** The arguments of `call: openapi`. */
export interface OpenapiArguments {
  readonly document: { readonly name?: string | undefined; readonly endpoint: Endpoint };
  readonly operationId: string;
  readonly parameters: Readonly<Record<string, Json>>;
  readonly authentication?: AuthenticationReference | undefined;
  readonly output: OutputForm;
  readonly redirect: boolean;
}

export const openapiArgumentsSchema: z.ZodType<OpenapiArguments> = z.strictObject({
  document: z.strictObject({ name: z.string().optional(), endpoint: endpointSchema }),
  operationId: z.string().min(1),
  parameters: z.record(z.string(), jsonSchema).default({}),
  authentication: authenticationSchema.optional(),
  output: outputSchema,
  redirect: z.boolean().default(false),
});
