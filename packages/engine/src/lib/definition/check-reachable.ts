import { pathOf } from './json-pointer.ts';
import type { Issue } from './read-source.ts';
import type { NamedTask, Task } from './task.ts';

/** Whether a list can be left with its flow going on after it; otherwise each of its ways ends the workflow or raises an error. */
function mayLeave(list: readonly NamedTask[]): boolean {
  return walk(list).leaves;
}

/** Whether the flow can go on after a task, by its own `then`. What cannot be decided counts as "it can". */
function mayGoOn(task: Task): boolean {
  if ('raise' in task) return false;
  if ('try' in task) return mayLeave(task.try) || task.catch.do === undefined || mayLeave(task.catch.do);
  // A loop may have no round at all.
  if ('for' in task) return true;
  if ('fork' in task) {
    const { branches, compete } = task.fork;
    const ends = (branch: NamedTask): boolean => !('raise' in branch.task) || branch.task.if !== undefined;
    return compete ? branches.some(ends) : branches.every(ends);
  }
  return !('do' in task) || mayLeave(task.do);
}

/** Where the flow can go after a task: `continue`, `exit`, `end` or names. */
function targetsOf(task: Task): string[] {
  const own = task.then ?? 'continue';
  const skipped = task.if === undefined ? [] : ['continue'];
  if ('switch' in task) {
    const cases = task.switch.flatMap((item) => Object.values(item));
    const hasDefault = cases.some(({ when }) => when === undefined);
    return [...cases.map(({ then }) => then), ...(hasDefault ? [] : [own]), ...skipped];
  }
  return mayGoOn(task) ? [own, ...skipped] : skipped;
}

function walk(list: readonly NamedTask[]): { readonly reached: ReadonlySet<number>; readonly leaves: boolean } {
  const reached = new Set<number>();
  const open = [0];
  let leaves = false;
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    const named = list[index];
    if (named === undefined) leaves = true;
    if (named === undefined || reached.has(index)) continue;
    reached.add(index);
    for (const target of targetsOf(named.task)) {
      if (target === 'continue') open.push(index + 1);
      else if (target === 'exit') leaves = true;
      else if (target !== 'end') {
        const found = list.findIndex(({ name }) => name === target);
        // A target that does not exist is refused elsewhere; what it was to lead to is not known.
        open.push(...(found === -1 ? list.keys() : [found]));
      }
    }
  }
  return { reached, leaves };
}

/** Names the tasks of a list that no way leads to: after what always ends, raises or goes elsewhere. */
export function* checkReachable(list: readonly NamedTask[], pointer: string): Generator<Issue> {
  const { reached } = walk(list);
  for (const [index, { name }] of list.entries()) {
    if (reached.has(index)) continue;
    const path = [...pathOf(pointer), String(index), name];
    yield { path, message: `Cannot reach the task "${name}": no task before it goes on to it, and no "then" names it` };
  }
}
