import { toJson } from '@loopwright/protocol';
import * as restate from '@restatedev/restate-sdk';
import { z } from 'zod';
import { publishSchema } from '../record/messages.ts';
import { ask } from './messaging.ts';
import type { Node } from './node.ts';
import { parsed } from './parsed.ts';
import { UNTIL_IT_WORKS, listenersKey } from './service-names.ts';

const options = { retryPolicy: UNTIL_IT_WORKS, journalRetention: 0 } as const;
/** How long Restate remembers that an event was published by one request, in milliseconds. */
const PUBLISH_MEMORY_MS = 10 * 60_000;
const executionId = z.string().max(512);

/** The object that knows which executions listen to events of one type: a state key each. */
export function listenersObject(node: Node): restate.VirtualObjectDefinition<string, unknown> {
  return restate.object({
    name: node.names.listeners,
    handlers: {
      add: async (context: restate.ObjectContext, message: unknown): Promise<void> => {
        context.set(parsed(executionId, message), true);
      },
      remove: async (context: restate.ObjectContext, message: unknown): Promise<void> => {
        context.clear(parsed(executionId, message));
      },
      list: restate.handlers.object.shared((context: restate.ObjectSharedContext) => context.stateKeys()),
    },
    options,
  });
}

/**
 * Shows an event to every execution that listens; gives how many went on. No object is held while others are asked: an execution waits for the
 * list when it begins to listen, and the other way round the two would wait for each other.
 */
export function publisherService(node: Node): restate.ServiceDefinition<string, unknown> {
  return restate.service({
    name: node.names.publisher,
    handlers: {
      publish: async (context: restate.Context, message: unknown): Promise<number> => {
        const { event, except, projects } = parsed(publishSchema, message);
        const ids = new Set<string>();
        for (const key of [listenersKey(event.type), listenersKey('')]) {
          const listed = await ask(context, { service: node.names.listeners, key, handler: 'list' }, null);
          for (const id of parsed(z.array(executionId), listed)) ids.add(id);
        }
        ids.delete(except ?? '');
        let woken = 0;
        for (const key of [...ids].sort()) {
          woken += parsed(
            z.int(),
            await ask(context, { service: node.names.execution, key, handler: 'offer' }, toJson({ event, projects })),
          );
        }
        return woken;
      },
    },
    options: { ...options, idempotencyRetention: PUBLISH_MEMORY_MS },
  });
}
