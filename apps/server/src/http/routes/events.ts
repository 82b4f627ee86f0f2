import { type Engine, type ExecutionEvent, isFinal } from '@loopwright/engine';
import { type ExecutionEventMessage, PlatformError, isoTime } from '@loopwright/protocol';
import type { WebSocket } from '@fastify/websocket';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AppParts } from '../app.ts';

/** How often a connection is checked, in milliseconds (`reference/domain.md` §4.4). */
const PING_MS = 30_000;
/** How many stored events one read takes. */
const PAGE = 100;
/** What a connection may hold that its reader did not take yet. The rest stays in the store until the reader comes to it. */
const BUFFER_LIMIT_BYTES = 1024 * 1024;

/**
 * `/ws/executions/{id}?after=SEQ`: the stored events behind the cursor (all of them without one), then each new one once it is committed.
 * Every event carries `seq`; a client that lost its connection goes on with the last one it saw and misses nothing. When events behind
 * the cursor are gone, because the history was compacted, the first message is a `gap` with the numbers that are missing.
 */
export function eventRoutes({ engine, clock, authorization: { maySee } }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    const params = z.object({ execution_id: z.string().max(200) });
    const querystring = z.object({ after: z.coerce.number().int().nonnegative().default(0) });
    api.route({
      method: 'GET',
      url: '/ws/executions/:execution_id',
      schema: { params, querystring, hide: true },
      handler: async () => {
        throw new PlatformError('VALIDATION_ERROR', 'Cannot send events as an HTTP answer: open a WebSocket');
      },
      wsHandler: (socket, request) => {
        const { execution_id: id } = params.parse(request.params);
        if (engine.read.execution(id) === undefined) {
          socket.close(1008, 'EXECUTION_NOT_FOUND');
          return;
        }
        socket.send(JSON.stringify({ event_type: 'connected', execution_id: id, message: `Connected to the execution ${id}` }));
        const { after } = querystring.parse(request.query);
        const first = engine.read.firstEvent(id) ?? 1;
        if (first > after + 1)
          socket.send(JSON.stringify({ event_type: 'gap', execution_id: id, from_seq: after + 1, to_seq: first - 1 }));
        const { principal } = request;
        const isAllowed = (): boolean => maySee(principal, engine.read.projectOf(id) ?? '');
        const send = sendEvents(socket, engine, { id, after, isAllowed });
        const unsubscribe = engine.subscribe(id, send);
        const stopPings = everyPing(clock, () => socket.ping());
        socket.on('close', () => {
          unsubscribe();
          stopPings();
        });
        socket.on('error', () => socket.terminate());
        send();
      },
    });
  };
}

/**
 * Gives the function that sends what is stored behind the cursor, as far as the reader takes it. Every event comes from the store, so
 * none is lost or doubled between what was there and what is new, and a slow reader costs no memory.
 */
function sendEvents(
  socket: WebSocket,
  { read }: Pick<Engine, 'read'>,
  { id, after, isAllowed }: { id: string; after: number; isAllowed: () => boolean },
): () => void {
  let last = after;
  let page: ExecutionEvent[] = [];
  let isFull = false;
  const send = (): void => {
    // A grant may be taken away while the stream is open.
    if (!isAllowed()) socket.close(1008, 'FORBIDDEN');
    while (!isFull && socket.readyState === socket.OPEN) {
      if (page.length === 0) page = read.events(id, last, PAGE);
      const event = page.shift();
      if (event === undefined) {
        const status = read.execution(id)?.status;
        if (status !== undefined && isFinal(status)) socket.close(1000);
        return;
      }
      last = event.seq;
      socket.send(JSON.stringify(eventMessage(event)), goOn);
      isFull = socket.bufferedAmount > BUFFER_LIMIT_BYTES;
    }
  };
  const goOn = (): void => {
    if (!isFull || socket.bufferedAmount > BUFFER_LIMIT_BYTES / 2) return;
    isFull = false;
    send();
  };
  return send;
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
