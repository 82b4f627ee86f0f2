import { z } from 'zod';
import { jsonSchema } from '../json/json.ts';
import { isBytes, requestIdSchema } from './http-messages.ts';

const name = z.string().min(1).max(256);
const text = z.string().max(4096);
const metadata = z.record(z.string().max(256), jsonSchema);
const encodedMessage = z.object({
  data: z
    .custom<readonly number[]>(isBytes, 'must be an array of bytes')
    .meta({ type: 'array', items: { type: 'integer', minimum: 0, maximum: 255 } }),
  format: z.enum(['Json', 'Binary', 'Base64', 'Auto']),
});

/** Kinds of services; own kinds are `{"Custom": name}`. The source's Python side writes the latter as the text `Custom(name)`. */
const serviceTypeSchema = z.union([
  z.enum(['Database', 'Cache', 'Jwt']),
  z.object({ Custom: name }),
  z
    .string()
    .max(264)
    .regex(/^Custom\(.{1,256}\)$/u)
    .transform((written) => ({ Custom: written.slice('Custom('.length, -1) })),
]);

export const registerServiceProviderSchema = z.object({
  op: z.literal('register_service_provider'),
  service_type: serviceTypeSchema,
  name,
  version: name.nullish(),
  address: text,
  metadata: metadata.nullish(),
});

export const discoverServiceProvidersSchema = z.object({
  op: z.literal('discover_service_providers'),
  service_type: serviceTypeSchema,
  all_providers: z.boolean().nullish(),
});

export const serviceRequestSchema = z.object({
  op: z.literal('service_request'),
  id: requestIdSchema,
  service_type: serviceTypeSchema,
  config: jsonSchema.optional(),
});

export const serviceOperationSchema = z.object({
  op: z.literal('service_operation'),
  /** Version 2: comes back in the result. Without it results are matched by their order. */
  id: requestIdSchema.nullish(),
  connection_id: name,
  service_type: serviceTypeSchema,
  operation: name,
  params: jsonSchema,
});

export const registerServiceProviderResponseSchema = z.object({
  op: z.literal('register_service_provider_response'),
  success: z.boolean(),
  provider_id: name.nullish(),
  error: text.nullish(),
});

export const discoverServiceProvidersResponseSchema = z.object({
  op: z.literal('discover_service_providers_response'),
  success: z.boolean(),
  providers: z
    .array(
      z.object({
        provider_id: name,
        module_id: name,
        service_type: serviceTypeSchema,
        name,
        version: name.nullish(),
        address: text,
        metadata: metadata.nullish(),
        is_healthy: z.boolean(),
      }),
    )
    .max(1000)
    .default([]),
  error: text.nullish(),
});

export const serviceResponseSchema = z.object({
  op: z.literal('service_response'),
  id: requestIdSchema,
  service_type: serviceTypeSchema,
  success: z.boolean(),
  error: text.nullish(),
  connection_id: name.nullish(),
});

export const serviceOperationResultSchema = z.object({
  op: z.literal('service_operation_result'),
  /** Version 2: the `id` of the operation. The source has none. */
  id: requestIdSchema.nullish(),
  success: z.boolean(),
  result: jsonSchema.optional(),
  error: text.nullish(),
});

export const routeToModuleSchema = z.object({
  op: z.literal('route_to_module'),
  target_module_id: name,
  target_endpoint: text,
  request_id: requestIdSchema,
  payload: encodedMessage,
});

export const routedModuleMessageSchema = z.object({
  op: z.literal('routed_module_message'),
  source_module_id: name,
  original_request_id: requestIdSchema,
  payload: encodedMessage,
});

export const routedModuleResponseSchema = z.object({
  op: z.literal('routed_module_response'),
  source_module_id: name,
  request_id: requestIdSchema,
  payload: encodedMessage,
});
