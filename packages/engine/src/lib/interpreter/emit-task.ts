import type { Json } from '@loopwright/protocol';
import type { TaskOf } from '../definition/task.ts';
import { z } from 'zod';
import type { TaskFrame, TaskRunner } from './frame.ts';
import { WorkflowError } from './workflow-error.ts';

/** Runs `emit`: records a CloudEvent, which is the output of the task, in the events of the execution. */
export async function runEmit(interpreter: TaskRunner, task: TaskOf<'emit'>, frame: TaskFrame): Promise<Json> {
  const event = interpreter.parts.expressions.resolve(task.emit.event.with, frame.input, frame.variables);
  const attributes = z.looseObject({ source: z.string(), type: z.string(), id: z.string().optional() }).safeParse(event);
  if (!attributes.success) {
    const detail = `Cannot emit the event: ${z.prettifyError(attributes.error)}`;
    throw new WorkflowError({ type: 'validation', status: 400, title: 'VALIDATION_ERROR', detail });
  }
  return interpreter.parts.durable.emit({ key: frame.key, name: frame.name }, event);
}
