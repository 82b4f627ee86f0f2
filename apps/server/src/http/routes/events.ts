import type { ExecutionEvent } from '@loopwright/engine';
import { type ExecutionEventMessage, isoTime } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AppParts } from '../app.ts';

/** How often a connection is checked, in milliseconds (`reference/domain.md` §4.4). */
const PING_MS = 30_000;
/** How many stored events one read takes. */
const PAGE = 500;
/** A reader that is this far behind is disconnected; it can come back with its cursor. */
const BUFFER_LIMIT_BYTES = 4 * 1024 * 1024;
const FINAL = new Set(['completed', 'failed', 'cancelled']);

/**
 * `/ws/executions/{id}?after=SEQ`: the stored events behind the cursor (all of them without one), then each new one as it is committed.
 * Every event carries `seq`; a client that lost its connection goes on with the last one it saw and misses nothing.
 */
export function eventRoutes({ engine, clock }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    const params = z.object({ execution_id: z.string().max(200) });
    const querystring = z.object({ after: z.coerce.number().int().nonnegative().default(0) });
    api.get(
      '/ws/executions/:execution_id',
      { websocket: true, schema: { params, querystring, hide: true } },
      (socket, request) => {
        const { execution_id: id } = request.params;
        if (engine.read.execution(id) === undefined) {
          socket.close(1008, 'EXECUTION_NOT_FOUND');
          return;
        }
        socket.send(JSON.stringify({ event_type: 'connected', execution_id: id, message: `Connected to the execution ${id}` }));
        let last = request.query.after;
        const send = (event: ExecutionEvent): void => {
          if (event.seq <= last || socket.readyState !== socket.OPEN) return;
          last = event.seq;
          socket.send(JSON.stringify(eventMessage(event)));
          if (socket.bufferedAmount > BUFFER_LIMIT_BYTES) socket.close(1013, 'The reader is too slow: come back with ?after=');
          if (FINAL.has(event.type)) socket.close(1000);
        };
        // Reading and subscribing happen in one turn of the event loop, so no event falls between them.
        for (let page = engine.read.events(id, last, PAGE); page.length > 0; page = engine.read.events(id, last, PAGE))
          page.forEach(send);
        const unsubscribe = engine.subscribe(id, send);
        const stopPings = everyPing(clock, () => socket.ping());
        socket.on('close', () => {
          unsubscribe();
          stopPings();
        });
        socket.on('error', () => socket.terminate());
      },
    );
  };
}

function everyPing(clock: AppParts['clock'], ping: () => void): () => void {
  let cancel: () => void = () => undefined;
  const arm = (): void => {
    cancel = clock.schedule(PING_MS, () => {
      ping();
      arm();
    });
  };
  arm();
  return () => cancel();
}

function eventMessage({ type, executionId, step, at, data, seq }: ExecutionEvent): ExecutionEventMessage {
  return { event_type: type, execution_id: executionId, step_id: step, timestamp: isoTime(at), data, seq };
}
