import { pointerPart } from '../definition/json-pointer.ts';
import type { Json } from '@loopwright/protocol';
import type { NamedTask } from '../definition/task.ts';
import type { TaskFrame, TaskRunner } from './frame.ts';
import { Scope } from './scope.ts';

/**
 * Calls a function that the definition has in `use.functions`: its task is run on the arguments as its input, in the name of the task that
 * calls. It sees its arguments only: no variable of the place where it is called, and a `$context` of its own. `end` ends the function.
 */
export async function runOwnFunction(interpreter: TaskRunner, called: NamedTask, args: Json, frame: TaskFrame): Promise<Json> {
  const { output } = await interpreter.runTask({ ...called, name: frame.name }, `/use/functions/${pointerPart(called.name)}`, {
    input: args,
    scope: new Scope(frame.key),
    extra: {},
    state: { context: null },
  });
  return output;
}
