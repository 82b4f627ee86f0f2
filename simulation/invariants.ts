import { type Execution, type JournalEntry, explain, isFinal } from '@loopwright/engine';
import { PlatformError } from '@loopwright/protocol';
import { isDeepStrictEqual } from 'node:util';
import { answerProblems } from './answer-problems.ts';
import { eventProblems } from './event-problems.ts';
import { hearingProblems } from './hearing.ts';
import { type Position, positionOf } from './model.ts';
import { WALL_TIMER, asksForBudget, budgetProblems } from './budget-problems.ts';
import { childProblems, orderedFor } from './child-problems.ts';
import type { Flow } from './node.ts';
import { traceIn } from './trace-in.ts';
import type { Call, World } from './world.ts';

/** What is looked at: an engine, what its callers were told, what its steps did. */
export type Witness = Pick<World, 'calls' | 'runs' | 'mayRest' | 'isPunctual'> & {
  readonly engine: Pick<World['engine'], 'read'>;
  readonly clock: Pick<World['clock'], 'now'>;
};

/** Holds what was acknowledged, the journal, the events and the status of every execution against each other and the model. */
export function problemsOf(world: Witness, flowOf: (executionId: string) => Flow, executionIds: readonly string[]): string[] {
  const { read } = world.engine;
  const each = executionIds.flatMap((id) => {
    const execution = read.execution(id);
    const flow = flowOf(id);
    const calls = world.calls.filter(({ executionId }) => executionId === id);
    if (execution === undefined) {
      return calls.some(({ kind, outcome }) => kind === 'start' && outcome === 'taken')
        ? [`${id}: its start was acknowledged`]
        : [];
    }
    return [
      ...statusProblems(world, flow, execution),
      ...controlProblems(orderedFor(read, world.calls, execution), execution, flowOf),
      ...childProblems(read, flow, execution),
      ...budgetProblems(read, flowOf, { execution, isPunctual: world.isPunctual }),
      ...eventProblems(flow, read.events(id, 0, 100_000)),
      ...answerProblems(
        read,
        calls,
        read.humanTasks({ executionId: id, limit: 10_000 }).filter((task) => !asksForBudget(task)),
      ),
      ...valueProblems(world, id),
    ].map((problem) => `${id} (${execution.status}): ${problem}`);
  });
  return [...each, ...hearingProblems(read, flowOf, { calls: world.calls, executionIds })];
}

/** Status, output and explanation follow from the recorded facts. */
function* statusProblems(world: Witness, flow: Flow, execution: Execution): Generator<string> {
  const { read } = world.engine;
  const { status, id } = execution;
  const entries = read.journal(id);
  const position = positionOf(flow, entries, traceIn(execution));
  if (status === 'completed') {
    if (position.state !== 'completed' || !isDeepStrictEqual(execution.output, position.output))
      yield `gave ${JSON.stringify(execution.output)}, the model ${JSON.stringify(position)}`;
  } else if (status === 'failed') {
    const { title } = execution.error as { title: string };
    if (position.state !== 'failed' || position.title !== title)
      yield `failed by ${title}, the model says ${JSON.stringify(position)}`;
  }
  if (isFinal(status)) {
    const left = entries.filter(({ state }) => state === 'waiting' || state === 'running');
    if (left.length > 0) yield `has ended, and this is open: ${left.map(({ key }) => key).join(', ')}`;
    return;
  }
  yield* whyProblems(world, execution);
  if (status === 'paused') {
    for (const { key, dueAt } of entries) if (dueAt !== null) yield `the timer of ${key} runs while it is paused`;
    return;
  }
  if (!world.mayRest) yield* openProblems(position, entries, execution);
}

/** At rest exactly that is open which the model says. */
function* openProblems(position: Position, entries: readonly JournalEntry[], { status }: Execution): Generator<string> {
  if (position.state !== 'open') {
    yield `does not end, the model says ${JSON.stringify(position)}`;
    return;
  }
  const expected = [...position.open.map(({ key }) => key), ...position.deadlines].toSorted();
  const found = entries.filter(({ key, state }) => key !== WALL_TIMER && (state === 'waiting' || state === 'running'));
  const keys = found.map(({ key }) => key).toSorted();
  if (!isDeepStrictEqual(keys, expected)) yield `has open: ${keys.join(', ')}; by the model: ${expected.join(', ')}`;
  for (const { key, kind, dueAt } of found)
    if (dueAt === null && ['timer', 'retry', 'deadline'].includes(kind)) yield `the timer of ${key} does not run`;
  if (position.open.some(({ kind }) => kind === 'ask') !== status.startsWith('waiting_'))
    yield `has the wrong status, open is ${JSON.stringify(position.open)}`;
}

/** Each execution that has not ended says what it waits for and what would let it go on. */
function* whyProblems(world: Witness, execution: Execution): Generator<string> {
  const { read } = world.engine;
  const clock = { now: () => world.clock.now(), schedule: () => () => undefined };
  const why = explain(read, execution, clock);
  if (!why.sentence.endsWith('.') || /undefined|null|NaN/.test(why.sentence)) yield `says: ${why.sentence}`;
  if (why.state !== execution.status) yield `says that it is ${why.state}`;
  if (execution.status === 'paused') {
    if (!/\/(?:resume|budget)\b/.test(why.unblock ?? '')) yield 'is paused and does not say how it goes on';
    return;
  }
  const open = read.humanTasks({ executionId: execution.id, state: 'open', limit: 100 });
  if (open.length > 0 && !open.some(({ id }) => why.unblock?.includes(id) === true)) yield `does not say what to answer`;
  if (world.mayRest) return;
  if (why.waiting_for.length === 0 && why.next_wakeup === null) yield `does not say why it waits: ${why.sentence}`;
}

/** Acknowledged orders hold until somebody orders something else; those for the execution that waits for it hold for it as well. */
function* controlProblems(
  calls: readonly Call[],
  { id, status }: Execution,
  flowOf: (executionId: string) => Flow,
): Generator<string> {
  const cancelled = calls.some(
    ({ kind, outcome, executionId }) => kind === 'cancel' && outcome === 'taken' && executionId === id,
  );
  if (cancelled && status !== 'cancelled') yield 'its cancel was acknowledged';
  const last = calls.findLast(
    ({ kind, outcome }) => (kind === 'pause' || kind === 'resume') && !(outcome instanceof PlatformError),
  );
  // A budget pauses too, and goes on when there is more.
  const hasBudget = [id, ...calls.map(({ executionId }) => executionId)].some((one) => flowOf(one).budget !== undefined);
  if (last?.outcome !== 'taken' || isFinal(status) || hasBudget) return;
  if ((last.kind === 'pause') !== (status === 'paused')) yield `its ${last.kind} was acknowledged`;
}

/** A recorded result is one that a run of that step gave. */
function* valueProblems(world: Witness, executionId: string): Generator<string> {
  const tokens = new Set(world.runs.map(({ token }) => token));
  for (const { kind, state, value, key } of world.engine.read.journal(executionId)) {
    if (kind === 'step' && state === 'done' && !tokens.has(value as string))
      yield `the result ${JSON.stringify(value)} of ${key} is of no run`;
  }
}
