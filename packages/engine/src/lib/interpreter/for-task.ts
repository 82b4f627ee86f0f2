import type { TaskOf } from '../definition/task.ts';
import type { FlowResult, TaskFrame, TaskRunner } from './frame.ts';
import { ITEM_LIMIT } from '../limits.ts';
import { Scope } from './scope.ts';
import { WorkflowError } from './workflow-error.ts';

/**
 * Runs `for`: its list once for each item, as long as `while` holds. The output of one round is the input of the next, that of the last
 * one the output of the task; without a round it is the input.
 */
export async function runFor(interpreter: TaskRunner, task: TaskOf<'for'>, frame: TaskFrame): Promise<FlowResult> {
  const { expressions } = interpreter.parts;
  const items = expressions.evaluate(task.for.in, frame.input, frame.variables);
  if (!Array.isArray(items)) throw notACollection(task.for.in);
  if (items.length > ITEM_LIMIT) throw tooMany(items.length);
  let data = frame.input;
  for (const [index, item] of items.entries()) {
    const extra = { ...frame.extra, [task.for.each]: item, [task.for.at]: index };
    const goesOn =
      task.while === undefined || expressions.holds(task.while, data, interpreter.variablesAt(frame, { ...extra, input: data }));
    if (!goesOn) break;
    const scope = new Scope(`${frame.key}@for-${index}`);
    const round = await interpreter.runList(task.do, {
      input: data,
      scope,
      reference: `${frame.reference}/do`,
      extra,
      state: frame.state,
    });
    data = round.output;
    if (round.flow === 'end') return round;
  }
  return { output: data, flow: 'continue' };
}

function notACollection(expression: string): WorkflowError {
  const detail = `Cannot go through "${expression}": it gives no array`;
  return new WorkflowError({ type: 'expression', status: 400, title: 'VALIDATION_ERROR', detail });
}

function tooMany(count: number): WorkflowError {
  const detail = `Cannot go through ${count} items: the limit is ${ITEM_LIMIT}`;
  return new WorkflowError({ type: 'runtime', status: 422, title: 'LIMIT_EXCEEDED', detail });
}
