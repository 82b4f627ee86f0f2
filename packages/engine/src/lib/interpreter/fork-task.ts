import { type Json, type JsonObject, canonicalJson } from '@loopwright/protocol';
import type { TaskOf } from '../definition/task.ts';
import type { BranchState, FlowResult, TaskFrame, TaskRunner } from './frame.ts';
import { Scope } from './scope.ts';

/**
 * Runs `fork`: its branches at the same time, each on the same input and on a `$context` of its own. Without `compete` the output is the array of
 * theirs, and what they exported is put together in the order of the branches; with it, output and context are those of the
 * first that ends well, and the others are given up. A branch that fails ends the fork, unless another one can still win.
 */
export async function runFork(interpreter: TaskRunner, task: TaskOf<'fork'>, frame: TaskFrame): Promise<FlowResult> {
  const states: BranchState[] = task.fork.branches.map(() => ({ context: frame.state.context }));
  const runs = task.fork.branches.map((branch, index) => ({
    key: `${frame.key}@branch-${index}`,
    run: async (): Promise<Json> => {
      const { output } = await interpreter.runList([branch], {
        input: frame.input,
        scope: new Scope(`${frame.key}@branch-${index}`),
        reference: `${frame.reference}/fork/branches`,
        offset: index,
        extra: frame.extra,
        state: states[index] ?? { context: null },
      });
      return output;
    },
  }));
  const { outputs, winner } = await interpreter.parts.durable.branches(
    { key: frame.key, name: frame.name },
    runs,
    task.fork.compete,
  );
  frame.state.context =
    winner === undefined ? merged(frame.state.context, states) : (states[winner]?.context ?? frame.state.context);
  return { output: winner === undefined ? outputs : (outputs[winner] ?? null), flow: 'continue' };
}

/** The members that a branch changed win over those before; of two branches that changed the same, the later one. */
function merged(before: Json, states: readonly BranchState[]): Json {
  const context: JsonObject = isObject(before) ? { ...before } : {};
  let replaced: Json = before;
  for (const { context: after } of states) {
    if (same(after, before)) continue;
    if (!isObject(after) || (before !== null && !isObject(before))) replaced = after;
    else
      for (const [key, value] of Object.entries(after))
        if (!same(value, isObject(before) ? (before[key] ?? null) : null)) context[key] = value;
  }
  return same(replaced, before) && Object.keys(context).length > 0 ? context : replaced;
}

function isObject(value: Json): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function same(left: Json, right: Json): boolean {
  return canonicalJson(left) === canonicalJson(right);
}
