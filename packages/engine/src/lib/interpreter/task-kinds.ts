import type { Json } from '@loopwright/protocol';
import type { Task, TaskOf } from '../definition/task.ts';
import { lengthOf } from '../definition/duration.ts';
import { durationOf } from './durations.ts';
import { runEmit } from './emit-task.ts';
import { invoke } from './invoke.ts';
import { runOwnFunction } from './own-function.ts';
import { runScript } from './script-task.ts';
import { runFor } from './for-task.ts';
import { runFork } from './fork-task.ts';
import { type FlowResult, type TaskFrame, type TaskResult, type TaskRunner, configurationError } from './frame.ts';
import { runWorkflow } from './run-task.ts';
import { Scope } from './scope.ts';
import { runListen } from './listen-task.ts';
import { runTry } from './try-task.ts';
import { WorkflowError } from './workflow-error.ts';

/** Runs what is particular to the kind of a task. */
export async function runKind(interpreter: TaskRunner, task: Task, frame: TaskFrame): Promise<TaskResult> {
  const next = task.then ?? 'continue';
  const { expressions, durable } = interpreter.parts;
  if ('set' in task) return { output: expressions.resolve(task.set, frame.input, frame.variables), next };
  if ('switch' in task) return { output: frame.input, next: chooseCase(interpreter, task, frame) ?? next };
  if ('call' in task) return { output: await runCall(interpreter, task, frame), next };
  if ('wait' in task) {
    const duration = durationOf(task.wait, (expression) => expressions.evaluate(expression, frame.input, frame.variables));
    await durable.sleep({ key: frame.key, name: frame.name }, lengthOf(duration));
    return { output: frame.input, next };
  }
  if ('raise' in task) throw raised(interpreter, task, frame);
  if ('run' in task) {
    const { run } = task;
    const output = 'script' in run ? runScript(interpreter, run, frame) : runWorkflow(interpreter, run, frame);
    return { output: await output, next };
  }
  if ('emit' in task) return { output: await runEmit(interpreter, task, frame), next };
  const result = await runComposite(interpreter, task, frame);
  return { output: result.output, next: result.flow === 'end' ? 'end' : next };
}

function runComposite(
  interpreter: TaskRunner,
  task: TaskOf<'try'> | TaskOf<'for'> | TaskOf<'fork'> | TaskOf<'listen'> | TaskOf<'do'>,
  frame: TaskFrame,
): Promise<FlowResult> {
  if ('try' in task) return runTry(interpreter, task, frame);
  if ('for' in task) return runFor(interpreter, task, frame);
  if ('fork' in task) return runFork(interpreter, task, frame);
  if ('listen' in task) return runListen(interpreter, task, frame);
  const { input, extra, state } = frame;
  return interpreter.runList(task.do, { input, scope: new Scope(frame.key), reference: `${frame.reference}/do`, extra, state });
}

function chooseCase(interpreter: TaskRunner, task: TaskOf<'switch'>, frame: TaskFrame): string | undefined {
  const cases = task.switch.flatMap((item) => Object.values(item));
  const chosen = cases.find(
    ({ when }) => when === undefined || interpreter.parts.expressions.holds(when, frame.input, frame.variables),
  );
  return chosen?.then;
}

async function runCall(interpreter: TaskRunner, task: TaskOf<'call'>, frame: TaskFrame): Promise<Json> {
  const { functions, expressions, definition } = interpreter.parts;
  const args = expressions.resolve(task.with ?? {}, frame.input, frame.variables);
  const own = definition.document.use?.functions?.[task.call];
  if (own !== undefined) return runOwnFunction(interpreter, own, args, frame);
  const called = functions[task.call];
  if (called === undefined) throw configurationError(`Cannot call "${task.call}": there is no such function`, frame.reference);
  return invoke(interpreter, { name: task.call, called, args }, frame);
}

function raised(interpreter: TaskRunner, task: TaskOf<'raise'>, frame: TaskFrame): WorkflowError {
  const { document } = interpreter.parts.definition;
  const named = typeof task.raise.error === 'string' ? task.raise.error : undefined;
  const error = typeof task.raise.error === 'string' ? document.use?.errors?.[task.raise.error] : task.raise.error;
  if (error === undefined) {
    return configurationError(`Cannot raise "${named ?? ''}": use.errors has none of that name`, frame.reference);
  }
  const text = (value: string | number | undefined): string => {
    const resolved = value === undefined ? '' : interpreter.parts.expressions.resolve(value, frame.input, frame.variables);
    return typeof resolved === 'string' ? resolved : JSON.stringify(resolved);
  };
  return new WorkflowError({
    type: text(error.type),
    status: Number(text(error.status)),
    title: text(error.title ?? 'Error'),
    detail: text(error.detail ?? error.title ?? error.type),
    instance: text(error.instance) || frame.reference,
  });
}
