import { type EventOwner, type ExecutionEvent, noticeOwner } from '@loopwright/engine';
import { type ExecutionEventMessage, type GlobalEventMessage, isoTime } from '@loopwright/protocol';

/** How an event is written: as the platform does, or as a CloudEvent 1.0 in structured JSON. */
export type EventFormat = 'native' | 'cloudevents';

/** The media type of a CloudEvent, and of a list of them. */
export const CLOUD_EVENT_TYPE = 'application/cloudevents+json';
export const CLOUD_EVENTS_TYPE = 'application/cloudevents-batch+json';

/** An event of one execution on the wire. */
export function eventMessage({ type, executionId, step, at, data, seq }: ExecutionEvent): ExecutionEventMessage {
  return { event_type: type, execution_id: executionId, step_id: step, timestamp: isoTime(at), data, seq };
}

/** An event in the stream of all executions on the wire. */
export function globalEventMessage(event: ExecutionEvent, owner: EventOwner, position: number): GlobalEventMessage {
  if (noticeOwner(event) !== undefined) {
    const { project_id: projectId = null, ...data } = event.data;
    const project = typeof projectId === 'string' ? projectId : null;
    return { ...eventMessage(event), data, execution_id: null, workflow_id: null, project_id: project, position };
  }
  return { ...eventMessage(event), workflow_id: owner.workflow, project_id: owner.projectId, position };
}

/** Either of them as a CloudEvent; its id and source together name the event for ever. */
export function cloudEventOf(message: ExecutionEventMessage | GlobalEventMessage): object {
  const { event_type: type, execution_id: id, seq, timestamp, ...rest } = message;
  const common = { specversion: '1.0', time: timestamp, datacontenttype: 'application/json' };
  if (id === null)
    return {
      ...common,
      id: `notice/${seq}`,
      source: '/api/v1/events',
      type: `dev.loopwright.platform.${type}`,
      data: { ...rest, seq },
    };
  return {
    ...common,
    id: `${id}/${seq}`,
    source: `/api/v1/executions/${encodeURIComponent(id)}`,
    type: `dev.loopwright.execution.${type}`,
    subject: id,
    data: { ...rest, execution_id: id, seq },
  };
}
