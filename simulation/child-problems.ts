import { type Execution, type JournalEntry, type StoreReader, isFinal } from '@loopwright/engine';
import { isDeepStrictEqual } from 'node:util';
import { type Flow, everyNode } from './node.ts';
import type { Call } from './world.ts';

/** What an execution recorded of those that it runs is what became of them. */
export function* childProblems(read: StoreReader, flow: Flow, { id }: Execution): Generator<string> {
  const entries = read.journal(id).filter(({ kind }) => kind === 'child');
  const children = read.children(id).flatMap((child) => read.execution(child) ?? []);
  for (const entry of entries) {
    const mine = children.filter(({ parent }) => parent?.key === entry.key);
    const [child] = mine;
    if (child === undefined || mine.length > 1) yield `${entry.key} ran ${mine.length} executions`;
    else yield* stateProblems(flow, entry, child);
  }
  for (const { id: child, parent } of children)
    if (!entries.some(({ key }) => key === parent?.key)) yield `runs ${child} and has no record of it`;
}

function* stateProblems(flow: Flow, { key, name, state, value }: JournalEntry, child: Execution): Generator<string> {
  const node = everyNode(flow.list).find((one) => one.name === name);
  const awaits = node?.kind === 'child' && node.awaits;
  if (state === 'waiting' && isFinal(child.status)) yield `${key} waits, and ${child.id} is ${child.status}`;
  if (state === 'cancelled' && !isFinal(child.status)) yield `${key} was given up, and ${child.id} goes on`;
  if (!awaits) {
    if (state !== 'done') yield `${key} is not waited for and is ${state}`;
    return;
  }
  if (state === 'done' && (child.status !== 'completed' || !isDeepStrictEqual(value, child.output)))
    yield `${key} gave ${JSON.stringify(value)}, ${child.id} is ${child.status} with ${JSON.stringify(child.output)}`;
  if (state !== 'failed') return;
  const { title } = value as { title: string };
  const isTold = child.status === 'failed' ? isDeepStrictEqual(value, child.error) : title === 'EXECUTION_CANCELLED';
  if (!isTold || !isFinal(child.status)) yield `${key} failed by ${title}, ${child.id} is ${child.status}`;
}

/** The orders that hold for an execution: its own, and those for the executions above it that wait for it. */
export function orderedFor(read: StoreReader, calls: readonly Call[], execution: Execution): Call[] {
  const ids = new Set([execution.id]);
  for (let one: Execution | undefined = execution; one?.parent != null;) {
    const { executionId, key } = one.parent;
    if (read.entry(executionId, key)?.state !== 'waiting') break;
    ids.add(executionId);
    one = read.execution(executionId);
  }
  return calls.filter(({ executionId }) => ids.has(executionId));
}
