import type { WebSocket } from '@fastify/websocket';
import { isFinal } from '@loopwright/engine';
import { PlatformError } from '@loopwright/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { checkCursor, executionEventsQuery, filterOf, globalEventsQuery, lastEventIdHeader } from '../../events/event-query.ts';
import type { StreamRequest } from '../../events/event-streams.ts';
import type { Outlet } from '../../events/outlet.ts';
import { sseOutlet } from '../../events/sse-outlet.ts';
import { StreamMessage } from '../../events/stream-message.ts';
import { webSocketOutlet } from '../../events/websocket-outlet.ts';
import type { AppParts } from '../app.ts';
import { executionEventPage, executionPageSchema, globalEventPage, globalPageSchema } from './event-pages.ts';

type Api = Parameters<FastifyPluginAsyncZod>[0];

/** What the routes of events need. */
export type EventRouteParts = Pick<AppParts, 'engine' | 'streams' | 'maySee'>;

/** Closes a WebSocket that cannot be served: the reader reads the code, which a refused upgrade would keep from a browser. */
const REFUSED = 1008;
const TRY_LATER = 1013;

const params = z.object({ execution_id: z.string().max(200) });

/**
 * The same stream as WebSocket (`/ws/…`), as Server-Sent Events (`Accept: text/event-stream`) and as pages of JSON, for one execution with the
 * cursor `seq` and for all with the cursor `position`. Who was cut off goes on behind the last cursor and misses nothing; what is gone is told
 * by a `gap`. `docs` of the fields: `packages/protocol/src/lib/http/events.ts`.
 */
export function eventRoutes(parts: EventRouteParts): FastifyPluginAsyncZod {
  return async (api) => {
    executionRoutes(api, parts);
    globalRoutes(api, parts);
  };
}

function executionRoutes(api: Api, parts: EventRouteParts): void {
  const executionOf = (request: FastifyRequest): string => params.parse(request.params).execution_id;
  api.get(
    '/executions/:execution_id/events',
    {
      schema: { ...executionPageSchema, summary: SUMMARY_ONE, description: DESCRIPTION, params },
    },
    async (request, reply) => answerEvents(parts, executionOf(request), { request, reply }),
  );
  webSocketRoute(api, parts, {
    url: '/ws/executions/:execution_id',
    schema: { params, querystring: executionPageSchema.querystring },
    requestOf: (request) => executionRequest(parts, executionOf(request), request),
  });
}

function executionRequest({ engine, maySee }: EventRouteParts, executionId: string, request: FastifyRequest): StreamRequest {
  const query = executionEventsQuery.parse(request.query);
  const owner = engine.read.eventOwner(executionId);
  if (owner === undefined || !maySee(request.principal, owner.projectId))
    throw new PlatformError('EXECUTION_NOT_FOUND', `Cannot find the execution "${executionId}"`);
  const after = checkCursor(lastEventId(request) ?? query.after, engine.read.count('events', executionId));
  return { principal: request.principal, executionId, filter: filterOf(query, { principal: request.principal, maySee }), after };
}

/** The events of an execution as the caller wants them: a stream, or a page of JSON. */
export function answerEvents(
  parts: EventRouteParts,
  executionId: string,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): FastifyReply {
  const wanted = executionRequest(parts, executionId, request);
  const { format, limit } = executionEventsQuery.parse(request.query);
  if (!wantsStream(request)) return executionEventPage(parts, wanted, { limit, request, reply });
  return openSse(parts, wanted, { request, reply, format });
}

/** Sends the events of an execution over a WebSocket that was opened for them at another address. */
export function sendEvents(
  parts: EventRouteParts,
  executionId: string,
  { socket, request }: { socket: WebSocket; request: FastifyRequest },
): void {
  accept(parts, socket, { request, requestOf: () => executionRequest(parts, executionId, request) });
}

function globalRoutes(api: Api, parts: EventRouteParts): void {
  const requestOf = (request: FastifyRequest): StreamRequest => {
    const query = globalEventsQuery.parse(request.query);
    const last = parts.streams.global.last();
    const given = lastEventId(request) ?? query.after;
    const after = given === 'latest' ? last : checkCursor(given, last);
    return {
      principal: request.principal,
      filter: filterOf(query, { principal: request.principal, maySee: parts.maySee }),
      after,
    };
  };
  api.get(
    '/events',
    { schema: { ...globalPageSchema, summary: SUMMARY_ALL, description: DESCRIPTION } },
    async (request, reply) => {
      const wanted = requestOf(request);
      const { format, limit } = globalEventsQuery.parse(request.query);
      if (!wantsStream(request)) return globalEventPage(parts, wanted, { limit, request, reply });
      return openSse(parts, wanted, { request, reply, format });
    },
  );
  webSocketRoute(api, parts, { url: '/ws/events', schema: { querystring: globalPageSchema.querystring }, requestOf });
}

const SUMMARY_ONE = 'Events of an execution';
const SUMMARY_ALL = 'Events of all executions, in one order';
const DESCRIPTION =
  'A page of JSON, or with `Accept: text/event-stream` a stream that goes on; `Last-Event-ID` counts instead of `after`. With `Accept: application/cloudevents-batch+json` the page is a list of CloudEvents, with `format=cloudevents` the stream is one.';

/** The same stream on a WebSocket. */
interface WebSocketRoute {
  readonly url: string;
  readonly schema: object;
  readonly requestOf: (request: FastifyRequest) => StreamRequest;
}

function webSocketRoute(api: Api, parts: EventRouteParts, { url, schema, requestOf }: WebSocketRoute): void {
  api.route({
    method: 'GET',
    url,
    schema: { ...schema, headers: lastEventIdHeader, hide: true },
    handler: async () => {
      throw new PlatformError('VALIDATION_ERROR', 'Cannot send events as an HTTP answer: open a WebSocket');
    },
    wsHandler: (socket, request) => accept(parts, socket, { request, requestOf }),
  });
}

function accept(
  parts: EventRouteParts,
  socket: WebSocket,
  { request, requestOf }: { request: FastifyRequest; requestOf: WebSocketRoute['requestOf'] },
): void {
  try {
    const wanted = requestOf(request);
    parts.streams.admit(wanted.principal);
    begin(parts, webSocketOutlet(socket, formatOf(request), request.socket), wanted);
  } catch (error) {
    refuse(socket, error, request);
  }
}

function refuse(socket: WebSocket, error: unknown, request: FastifyRequest): void {
  if (!(error instanceof PlatformError)) request.log.error({ err: error, request_id: request.id }, 'Cannot open a stream');
  const code = error instanceof PlatformError ? error.code : 'INTERNAL_ERROR';
  socket.on('error', () => socket.terminate());
  socket.close(code === 'RATE_LIMITED' || code === 'SERVICE_UNAVAILABLE' ? TRY_LATER : REFUSED, code);
}

function openSse(
  parts: EventRouteParts,
  wanted: StreamRequest,
  { request, reply, format }: { request: FastifyRequest; reply: FastifyReply; format: 'native' | 'cloudevents' },
): FastifyReply {
  // An EventSource connects again after the end, until it is told so.
  if (request.headers['last-event-id'] !== undefined && isOver(parts, wanted)) return reply.status(204).send();
  try {
    parts.streams.admit(wanted.principal);
  } catch (error) {
    void reply.header('retry-after', '5');
    throw error;
  }
  reply.hijack();
  const headers = Object.fromEntries(Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]));
  begin(parts, sseOutlet(reply.raw, format, { ...headers, 'x-request-id': request.id }), wanted);
  return reply;
}

function begin({ streams }: EventRouteParts, outlet: Outlet, wanted: StreamRequest): void {
  const { executionId = null } = wanted;
  const message = executionId === null ? 'Connected to all executions' : `Connected to the execution ${executionId}`;
  outlet.send(StreamMessage.control({ event_type: 'connected', execution_id: executionId, message }));
  streams.open(outlet, wanted);
}

/** Whether nothing can come behind the cursor. */
function isOver({ engine }: EventRouteParts, { executionId, after }: StreamRequest): boolean {
  if (executionId === undefined) return false;
  const status = engine.read.status(executionId);
  return status !== undefined && isFinal(status) && engine.read.events(executionId, after, 1).length === 0;
}

/** Whether the answer is a stream: asked for by name, and not by HEAD. */
function wantsStream({ method, headers }: FastifyRequest): boolean {
  return method === 'GET' && /(?:^|,)\s*text\/event-stream\s*(?:[;,]|$)/i.test(headers.accept ?? '');
}

function formatOf({ query }: FastifyRequest): 'native' | 'cloudevents' {
  return z.looseObject({ format: z.literal('cloudevents') }).safeParse(query).success ? 'cloudevents' : 'native';
}

function lastEventId({ headers }: FastifyRequest): number | undefined {
  const given = lastEventIdHeader.parse(headers)['last-event-id'];
  return given === undefined ? undefined : Number(given);
}
