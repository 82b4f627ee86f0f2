import type { Json } from '@loopwright/protocol';
import type { TaskOf } from '../definition/task.ts';
import type { TaskFrame, TaskRunner } from './frame.ts';

/** Runs `emit`: records a CloudEvent, which is the output of the task, in the events of the execution. */
export function runEmit(interpreter: TaskRunner, task: TaskOf<'emit'>, frame: TaskFrame): Promise<Json> {
  const event = interpreter.parts.expressions.resolve(task.emit.event.with, frame.input, frame.variables);
  return interpreter.parts.durable.emit({ key: frame.key, name: frame.name }, event);
}
