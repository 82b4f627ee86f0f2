import { PlatformError } from '@loopwright/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { EventStream } from './event-stream.ts';
import { endOfKept } from './execute-route.ts';
import { readId } from './read-request.ts';
import type { RouteParts } from './routes.ts';

/**
 * `GET /executions/{id}/events`: the events of an execution, from the one behind `Last-Event-ID`, until it ends. Reading keeps no execution going: only who
 * waits for its result does.
 */
export function eventRoute(parts: RouteParts): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  const { executions, clock } = parts;
  return async (request, reply) => {
    const executionId = readId(request);
    const header = request.headers['last-event-id'];
    const lastEventId = typeof header === 'string' ? header.slice(0, 200) : '';
    const log = executions.log(executionId);
    const kept = log === undefined ? await executions.find(executionId) : undefined;
    if (log === undefined && kept === undefined)
      throw new PlatformError('EXECUTION_NOT_FOUND', `Cannot find the execution "${executionId}"`);
    parts.streams.take(reply);
    const stream = new EventStream(reply, { clock, executionId, lastEventId });
    if (log !== undefined) await stream.follow(log);
    else if (kept !== undefined && lastEventId !== 'kept-1') stream.send(endOfKept(kept));
    stream.end();
    return reply;
  };
}
