import { PlatformError } from '@loopwright/protocol';
import type { FastifyInstance } from 'fastify';

/** How deep the JSON of a request may be nested: what reads it later is recursive. */
const NESTING_LIMIT = 200;

/** Refuses a body that is nested too deeply with VALIDATION_ERROR, before anything else reads it. */
export function useNestingLimit(app: FastifyInstance): void {
  app.addHook('preValidation', ({ body }, _reply, done) => {
    if (isContainer(body)) checkNesting(body);
    done();
  });
}

/** Needs no stack itself. */
function checkNesting(body: object): void {
  let level = [body];
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > NESTING_LIMIT) {
      throw new PlatformError('VALIDATION_ERROR', `Cannot take the request: its JSON is nested deeper than ${NESTING_LIMIT}`, {
        details: { limit: NESTING_LIMIT },
      });
    }
    level = level.flatMap((container): unknown[] => Object.values(container)).filter(isContainer);
  }
}

/** Whether a value is an array or a plain object; a stream is neither. */
function isContainer(value: unknown): value is object {
  if (value === null || typeof value !== 'object') return false;
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}
