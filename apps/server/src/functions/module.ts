import { defineFunction, digestOf } from '@loopwright/engine';
import { moduleNameSchema, moduleRequestSchema, toJson } from '@loopwright/protocol';
import { z } from 'zod';
import type { Supervisor } from '../modules/supervisor.ts';
import { callModule } from '../modules/requests/call-module.ts';

/**
 * `call: module`: asks an open route of a module that runs beside the server or has attached, and gives `{ status, content_type, body, text }` whatever the status is. The
 * module gets the key of the step as `Idempotency-Key`: after a crash it is asked again with the same one.
 */
export function callModuleRoute(supervisor: Supervisor): ReturnType<typeof defineFunction> {
  return defineFunction({
    description: 'Asks a route of a module',
    arguments: z.strictObject({ module: moduleNameSchema, ...moduleRequestSchema.omit({ idempotency_key: true }).shape }),
    run: ({ args: { module, ...request }, step }) =>
      step(async ({ idempotencyKey, signal }) =>
        // A key of the engine may have characters that no header has.
        toJson(await callModule(supervisor, module, { ...request, idempotency_key: digestOf(idempotencyKey), signal })),
      ),
  });
}
