import { setImmediate } from 'node:timers/promises';
import {
  type ArtifactResult,
  type GenerationEvent,
  type JsonObject,
  PlatformError,
  generationEventSchema,
  isSuccess,
  isoTime,
  messageOf,
  toJson,
} from '@loopwright/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../executions/executions.ts';
import { EventLog } from '../executions/event-log.ts';
import { callerName, callerSignal } from './caller.ts';
import { EventStream } from './event-stream.ts';
import { readPlan, wantsEvents } from './read-request.ts';
import type { RouteParts } from './routes.ts';

/**
 * `POST /execute`: a plan in, its result out; or, for who accepts `text/event-stream`, the events while it is worked on, the last of which carries the result
 * (`data.result`). What is wrong before the work begins is an answer as ever, with its status.
 */
export function executeRoute(
  parts: RouteParts,
): (request: FastifyRequest, reply: FastifyReply) => Promise<ArtifactResult | FastifyReply> {
  const { executions, authToken } = parts;
  return async (request, reply) => {
    const plan = readPlan(request.body);
    const caller: Caller = { name: callerName(request, plan, authToken !== undefined), signal: callerSignal(reply) };
    if (!wantsEvents(request)) return executions.execute(plan, caller);
    parts.streams.take(reply);
    const begun = Promise.withResolvers<EventLog>();
    const work = executions.execute(plan, { ...caller, onEvents: begun.resolve });
    const first = await Promise.race([work, begun.promise]);
    if (!(first instanceof EventLog)) return streamResult(parts, reply, plan.execution_id, first);
    // A queue that is full says so at once.
    await Promise.race([work, setImmediate()]);
    const stream = new EventStream(reply, { clock: parts.clock, executionId: plan.execution_id, lastEventId: '' });
    await stream.follow(first, isEnd);
    stream.send(await lastEvent(work, first));
    stream.end();
    return reply;
  };
}

/** A result that was kept: its stream has one event. */
function streamResult({ clock }: RouteParts, reply: FastifyReply, executionId: string, result: ArtifactResult): FastifyReply {
  const stream = new EventStream(reply, { clock, executionId, lastEventId: '' });
  stream.send(endOfKept(result, { result: toJson(result) }));
  stream.end();
  return reply;
}

/** What is told at the end of an execution whose events are gone. */
export function endOfKept(result: ArtifactResult, more: JsonObject = {}): GenerationEvent {
  const isGood = isSuccess(result) || result.status === 'PARTIAL_SUCCESS';
  return generationEventSchema.parse({
    id: 'kept-1',
    event_type: isGood ? 'execution_completed' : 'execution_failed',
    timestamp: result.completed_at,
    progress: 1,
    message: `The execution ended with ${result.status}`,
    data: { status: result.status, duration_seconds: result.duration_seconds, ...more },
    error: isGood ? null : (result.error_message?.slice(0, 2000) ?? null),
  });
}

async function lastEvent(work: Promise<ArtifactResult>, log: EventLog): Promise<GenerationEvent> {
  const id = log.last?.id ?? 'end-1';
  try {
    const result = await work;
    return { ...endOfKept(result, { result: toJson(result) }), id };
  } catch (error) {
    const known =
      error instanceof PlatformError
        ? error
        : new PlatformError('INTERNAL_ERROR', 'Cannot answer the request: the service failed');
    return generationEventSchema.parse({
      id,
      event_type: 'execution_failed',
      timestamp: log.last?.timestamp ?? isoTime(0),
      message: 'The execution gave no result',
      data: toJson(known.toResponse()),
      error: messageOf(known).slice(0, 2000),
    });
  }
}

function isEnd({ event_type }: GenerationEvent): boolean {
  return event_type === 'execution_completed' || event_type === 'execution_failed';
}
