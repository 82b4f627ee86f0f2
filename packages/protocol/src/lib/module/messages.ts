import { z } from 'zod';
import { httpBodySchema, httpCancelSchema, httpRequestSchema, httpResponseSchema, httpWindowSchema } from './http-messages.ts';
import {
  announceSchema,
  heartbeatAckSchema,
  heartbeatSchema,
  identifySchema,
  initSchema,
  portRequestSchema,
  portResponseSchema,
  shutdownSchema,
} from './life-messages.ts';
import { moduleSpansMessageSchema } from './module-spans.ts';
import { getSecretSchema, rotatedSchema, rotationAckSchema, secretErrorSchema, secretSchema } from './secret-messages.ts';
import {
  discoverServiceProvidersResponseSchema,
  discoverServiceProvidersSchema,
  registerServiceProviderResponseSchema,
  registerServiceProviderSchema,
  routedModuleMessageSchema,
  routedModuleResponseSchema,
  routeToModuleSchema,
  serviceOperationResultSchema,
  serviceOperationSchema,
  serviceRequestSchema,
  serviceResponseSchema,
} from './service-messages.ts';

/** Every message that a module may write: `op` and the fields flattened beside it, one line each. Fields that are not known are left out. */
export const moduleMessageSchema = z.discriminatedUnion('op', [
  identifySchema,
  announceSchema,
  getSecretSchema,
  rotationAckSchema,
  registerServiceProviderSchema,
  discoverServiceProvidersSchema,
  serviceRequestSchema,
  serviceOperationSchema,
  httpResponseSchema,
  portRequestSchema,
  routeToModuleSchema,
  heartbeatAckSchema,
  moduleSpansMessageSchema,
  httpBodySchema,
  httpWindowSchema,
  httpCancelSchema,
]);
export type ModuleMessage = z.infer<typeof moduleMessageSchema>;
/** What a module writes: fields with a default may be left out. */
export type ModuleMessageLine = z.input<typeof moduleMessageSchema>;

/** Every message that an orchestrator may write after the init line. */
export const orchestratorMessageSchema = z.discriminatedUnion('op', [
  initSchema,
  secretSchema,
  secretErrorSchema,
  rotatedSchema,
  shutdownSchema,
  registerServiceProviderResponseSchema,
  discoverServiceProvidersResponseSchema,
  serviceResponseSchema,
  serviceOperationResultSchema,
  httpRequestSchema,
  portResponseSchema,
  routedModuleMessageSchema,
  routedModuleResponseSchema,
  heartbeatSchema,
  httpBodySchema,
  httpWindowSchema,
  httpCancelSchema,
]);
export type OrchestratorMessage = z.infer<typeof orchestratorMessageSchema>;
/** What an orchestrator writes: fields with a default may be left out. */
export type OrchestratorMessageLine = z.input<typeof orchestratorMessageSchema>;
