import {
  type ExecutionEventPage,
  type GlobalEventPage,
  errorResponseSchema,
  executionEventPageSchema,
  globalEventPageSchema,
} from '@loopwright/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { CLOUD_EVENTS_TYPE, CLOUD_EVENT_TYPE, cloudEventOf } from '../../events/event-json.ts';
import { executionEventsQuery, globalEventsQuery, lastEventIdHeader } from '../../events/event-query.ts';
import { type EventSource, executionSource } from '../../events/event-source.ts';
import type { StreamRequest } from '../../events/event-streams.ts';
import type { StreamMessage } from '../../events/stream-message.ts';
import type { EventRouteParts } from './events.ts';

/** How often a page reads the store for a filter that wants few, before it gives the cursor it came to. */
const READS_A_PAGE = 10;

const responseOf = (page: z.ZodType): object => ({
  200: {
    description: 'A page of events, a list of CloudEvents, or a stream',
    content: {
      'application/json': { schema: page },
      [CLOUD_EVENTS_TYPE]: { schema: z.array(z.looseObject({ specversion: z.literal('1.0') })) },
      'text/event-stream': { schema: z.string() },
    },
  },
  400: errorResponseSchema,
  404: errorResponseSchema,
  429: errorResponseSchema,
});

/** What the document says of the events of one execution. */
export const executionPageSchema = {
  tags: ['events'],
  querystring: executionEventsQuery,
  headers: lastEventIdHeader,
  response: responseOf(executionEventPageSchema),
};
/** What the document says of the events of all executions. */
export const globalPageSchema = {
  tags: ['events'],
  querystring: globalEventsQuery,
  headers: lastEventIdHeader,
  response: responseOf(globalEventPageSchema),
};

/** What a page is answered to. */
interface Asked {
  readonly limit: number;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** One page of the events of an execution. */
export function executionEventPage({ engine }: EventRouteParts, wanted: StreamRequest, asked: Asked): FastifyReply {
  const { executionId = '' } = wanted;
  const source = executionSource(engine, executionId);
  const { values, cursor, isEnd } = readPage(source, wanted, asked.limit);
  const page: ExecutionEventPage = {
    events: values.flatMap((value) => ('seq' in value && !('position' in value) ? [value] : [])),
    gaps: values.flatMap((value) => ('from_seq' in value ? [value] : [])),
    cursor,
    has_more: !isEnd,
    is_final: isEnd && source.isOver(),
  };
  return answer(page, asked);
}

/** One page of the events of all executions. */
export function globalEventPage({ streams }: EventRouteParts, wanted: StreamRequest, asked: Asked): FastifyReply {
  const { values, cursor, isEnd } = readPage(streams.global, wanted, asked.limit);
  const page: GlobalEventPage = {
    events: values.flatMap((value) => ('position' in value ? [value] : [])),
    gaps: values.flatMap((value) => ('from_position' in value ? [value] : [])),
    cursor,
    has_more: !isEnd,
  };
  return answer(page, asked);
}

interface ReadPage {
  readonly values: readonly StreamMessage['value'][];
  readonly cursor: number;
  readonly isEnd: boolean;
}

/** Reads until the page is full, the end is reached, or the store was asked often enough. */
function readPage(source: EventSource, { after, filter }: StreamRequest, limit: number): ReadPage {
  const values: StreamMessage['value'][] = [];
  let cursor = after;
  let isEnd = false;
  for (let reads = 0; reads < READS_A_PAGE && !isEnd && values.length < limit; reads += 1) {
    const page = source.read(cursor, filter, limit - values.length);
    for (const { owner, type, value } of page.messages)
      if (owner === null || (filter.wants(owner) && filter.wantsType(type))) values.push(value);
    cursor = page.next;
    isEnd = page.isEnd;
  }
  return { values, cursor, isEnd };
}

function answer(page: ExecutionEventPage | GlobalEventPage, { request, reply }: Asked): FastifyReply {
  const accept = request.headers.accept ?? '';
  if (!accept.includes(CLOUD_EVENTS_TYPE) && !accept.includes(CLOUD_EVENT_TYPE)) return reply.type('application/json').send(page);
  void reply.header('x-next-cursor', String(page.cursor));
  return reply.type(CLOUD_EVENTS_TYPE).send(page.events.map(cloudEventOf));
}
