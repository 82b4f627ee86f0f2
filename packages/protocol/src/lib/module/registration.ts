import { z } from 'zod';
import { type Json, jsonSchema } from '../json/json.ts';

/** What a frame on a TCP channel holds: an id, what is said, and who says it to whom. */
export const frameMessageSchema = z.object({
  id: z.string().max(256),
  /** A message of the module protocol, a message of registration, or a text. */
  content: z.union([z.string(), z.record(z.string(), z.unknown())]),
  metadata: z
    .object({
      id: z.string().max(256).nullish(),
      /** Milliseconds since 1970, or a time as text. */
      timestamp: z.union([z.number(), z.string().max(100)]).nullish(),
      source: z.string().max(256).nullish(),
      destination: z.string().max(256).nullish(),
      properties: z.record(z.string(), z.unknown()).nullish(),
    })
    .nullish(),
});
/** A message in its envelope. */
export interface FrameMessage {
  readonly id: string;
  readonly content: string | Readonly<Record<string, unknown>>;
  readonly metadata: {
    readonly id: string;
    readonly timestamp: number;
    readonly source: string;
    readonly destination: string;
    readonly properties: Readonly<Record<string, Json>>;
  };
}

const small = z.string().max(256);
const properties = z.record(small, jsonSchema);

/** What a module says of itself when it registers. */
export const moduleInfoSchema = z.object({
  /** The name that the orchestrator knows it by, unless `id` says another. */
  name: small.min(1),
  version: small,
  description: z.string().max(1000).nullish(),
  id: small.min(1).nullish(),
  metadata: properties.nullish(),
});
export type ModuleInfo = z.infer<typeof moduleInfoSchema>;

/** How a module says that it is. */
export const healthStatusSchema = z.enum(['Healthy', 'Degraded', 'Unhealthy']);
export type HealthStatus = z.infer<typeof healthStatusSchema>;

/** What a module can do. */
export const capabilitiesSchema = z.object({
  endpoints: z
    .array(z.object({ name: small.nullish(), path: z.string().max(2000), methods: z.array(z.string().max(20)).max(20) }))
    .max(1000)
    .nullish(),
  message_types: z.array(small).max(1000).nullish(),
  additional_capabilities: properties.nullish(),
});
export type Capabilities = z.infer<typeof capabilitiesSchema>;

/** The first message of a module that registers; the orchestrator answers with its init object, or with a refusal. */
export const registerSchema = z.object({
  op: z.literal('register'),
  info: moduleInfoSchema,
  token: z.string().min(1).max(2048).nullish(),
});
export type RegisterMessage = z.input<typeof registerSchema>;

/** What a registered module says beside the messages of the module protocol. */
export const registrationMessageSchema = z.discriminatedUnion('op', [
  z.object({ op: z.literal('heartbeat'), status: healthStatusSchema, details: z.record(small, z.string().max(2000)).nullish() }),
  z.object({ op: z.literal('capabilities'), capabilities: capabilitiesSchema }),
  z.object({ op: z.literal('unregister') }),
]);
export type RegistrationMessage = z.input<typeof registrationMessageSchema>;
