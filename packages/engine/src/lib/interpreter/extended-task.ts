import type { JsonObject } from '@loopwright/protocol';
import type { NamedTask, Task } from '../definition/task.ts';
import type { Extension } from '../definition/use.ts';
import type { FlowResult, TaskFrame, TaskResult, TaskRunner } from './frame.ts';
import { Scope } from './scope.ts';

/**
 * Runs a task with what the definition's extensions do before and after it. Their tasks work on a copy: what they give is dropped, except
 * that a `before` which leaves by `exit` gives the output of the task, which is then not run. Tasks inside extensions and functions are
 * not extended; `$task` there is the task that is extended. What comes before runs in the order of the definition, what comes after in the opposite order.
 */
export async function runExtended(
  interpreter: TaskRunner,
  named: NamedTask,
  frame: TaskFrame,
  run: () => Promise<TaskResult>,
): Promise<TaskResult> {
  const { extensions } = interpreter.parts.definition.document.use ?? {};
  if (extensions === undefined || frame.reference.startsWith('/use/')) return run();
  const applying = extensions
    .map((extension, index) => ({ extension, index }))
    .filter(({ extension }) => applies(interpreter, extension, named, frame));
  for (const { extension, index } of applying) {
    const { output, flow, exited } = await runPart(interpreter, { extension, index, part: 'before' }, frame);
    if (flow === 'end') return { output, next: 'end' };
    if (exited === true) return { output, next: named.task.then ?? 'continue' };
  }
  const result = await run();
  for (const { extension, index } of applying.toReversed()) {
    const { flow } = await runPart(interpreter, { extension, index, part: 'after' }, { ...frame, input: result.output });
    if (flow === 'end') return { output: result.output, next: 'end' };
  }
  return result;
}

async function runPart(
  interpreter: TaskRunner,
  { extension, index, part }: { extension: Extension; index: number; part: 'before' | 'after' },
  frame: TaskFrame,
): Promise<FlowResult> {
  const list = extension[part];
  if (list === undefined) return { output: frame.input, flow: 'continue' };
  return interpreter.runList(list, {
    input: frame.input,
    scope: new Scope(`${frame.key}@${part}-${index}`),
    reference: `${extension.pointer}/${part}`,
    extra: { ...frame.extra, task: frame.variables['task'] ?? null },
    state: frame.state,
  });
}

function applies(interpreter: TaskRunner, extension: Extension, { task, definition }: NamedTask, frame: TaskFrame): boolean {
  if (extension.extend !== 'all' && !isOfKind(task, extension.extend)) return false;
  if (extension.when === undefined) return true;
  // The standard's own examples read the members of the definition from `$task` itself: `$task.with.endpoint`.
  const described = { ...(definition as JsonObject), ...(frame.variables['task'] as JsonObject) };
  return interpreter.parts.expressions.holds(extension.when, frame.input, { ...frame.variables, task: described });
}

function isOfKind(task: Task, target: string): boolean {
  // A loop has a `do` of its own and is no sequence.
  if (target === 'composite') return 'fork' in task || ('do' in task && !('for' in task));
  return target in task;
}
