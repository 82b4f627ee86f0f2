import type { Json } from '@loopwright/protocol';
import type { WorkflowRunForm } from '../definition/run-form.ts';
import type { TaskFrame, TaskRunner } from './frame.ts';

/** Runs `run: workflow`: its output is that of the other workflow, or, when that is not awaited, its own input. */
export async function runWorkflow(interpreter: TaskRunner, run: WorkflowRunForm, frame: TaskFrame): Promise<Json> {
  const { expressions, durable } = interpreter.parts;
  const { namespace, name, version, input } = run.workflow;
  const child = {
    namespace,
    name,
    version,
    input: input === undefined ? frame.input : expressions.resolve(input, frame.input, frame.variables),
    await: run.await,
  };
  const output = await durable.runWorkflow({ key: frame.key, name: frame.name }, child);
  return child.await ? output : frame.input;
}
