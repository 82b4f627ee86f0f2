import * as restate from '@restatedev/restate-sdk';
import { definitionSchema } from '../record/messages.ts';
import type { Node } from './node.ts';
import { parsed } from './parsed.ts';
import { UNTIL_IT_WORKS } from './service-names.ts';

/** The object that keeps a definition under its digest, for every node. */
export function definitionObject(node: Node): restate.VirtualObjectDefinition<string, unknown> {
  return restate.object({
    name: node.names.definition,
    handlers: {
      put: async (context: restate.ObjectContext, message: unknown): Promise<void> => {
        context.set('definition', parsed(definitionSchema, message));
      },
      get: restate.handlers.object.shared((context: restate.ObjectSharedContext) => context.get('definition')),
    },
    options: { retryPolicy: UNTIL_IT_WORKS, journalRetention: 0 },
  });
}
