import { type Execution, type ExecutionEvent, type StoredHumanTask, explain, isFinal } from '@loopwright/engine';
import { PlatformError } from '@loopwright/protocol';
import { positionOf } from './model.ts';
import type { Node } from './plan.ts';
import type { Call, World } from './world.ts';

const FIRED = new Set(['step_timed_out', 'retry_started', 'human_task_expired']);
const ENDS = new Set(['completed', 'failed', 'cancelled']);

/** Holds what was acknowledged, the journal, the events and the status of every execution against each other and the model. */
export function problemsOf(world: World, list: readonly Node[], executionIds: readonly string[]): string[] {
  return executionIds.flatMap((id) => {
    const execution = world.engine.read.execution(id);
    const calls = world.calls.filter(({ executionId }) => executionId === id);
    if (execution === undefined) {
      return calls.some(({ kind, outcome }) => kind === 'start' && outcome === 'taken')
        ? [`${id}: its start was acknowledged`]
        : [];
    }
    return [
      ...statusProblems(world, list, execution),
      ...controlProblems(calls, execution),
      ...eventProblems(world.engine.read.events(id, 0, 100_000)),
      ...answerProblems(world, calls, world.engine.read.humanTasks({ executionId: id, limit: 10_000 })),
      ...valueProblems(world, id),
    ].map((problem) => `${id} (${execution.status}): ${problem}`);
  });
}

/** Status, output and explanation follow from the recorded facts. */
function* statusProblems(world: World, list: readonly Node[], execution: Execution): Generator<string> {
  const { read } = world.engine;
  const position = positionOf(list, read.journal(execution.id));
  const { status } = execution;
  if (status === 'completed') {
    const expected = position.state === 'completed' ? JSON.stringify({ trace: position.trace }) : JSON.stringify(position);
    if (JSON.stringify(execution.output) !== expected) yield `gave ${JSON.stringify(execution.output)}, the model ${expected}`;
  } else if (status === 'failed') {
    const { title } = execution.error as { title: string };
    if (position.state !== 'failed' || position.title !== title)
      yield `failed by ${title}, the model says ${JSON.stringify(position)}`;
  }
  if (isFinal(status)) return;
  const entries = read.journal(execution.id);
  if (status === 'paused') {
    for (const { key, dueAt } of entries) if (dueAt !== null) yield `the timer of ${key} runs while it is paused`;
    return;
  }
  if (world.mayRest) return;
  if (position.state !== 'open') {
    yield `does not end, the model says ${JSON.stringify(position)}`;
    return;
  }
  const open = entries.find(({ key }) => key === position.key);
  if (open === undefined || (open.state !== 'waiting' && open.state !== 'running')) {
    yield `does not go on: ${position.key} is ${open?.state ?? 'not recorded'}`;
  }
  if ((position.kind === 'ask') !== status.startsWith('waiting_'))
    yield `has the wrong status, open is ${position.kind} ${position.key}`;
  const why = explain(read, execution, world.clock.process());
  if (why.waiting_for.length === 0 && why.next_wakeup === null) yield `does not say why it waits: ${why.sentence}`;
}

/** Acknowledged orders hold until somebody orders something else. */
function* controlProblems(calls: readonly Call[], { status }: Execution): Generator<string> {
  const cancelled = calls.some(({ kind, outcome }) => kind === 'cancel' && outcome === 'taken');
  if (cancelled && status !== 'cancelled') yield 'its cancel was acknowledged';
  const last = calls.findLast(
    ({ kind, outcome }) => (kind === 'pause' || kind === 'resume') && !(outcome instanceof PlatformError),
  );
  if (last?.outcome !== 'taken' || isFinal(status)) return;
  if ((last.kind === 'pause') !== (status === 'paused')) yield `its ${last.kind} was acknowledged`;
}

function* eventProblems(events: readonly ExecutionEvent[]): Generator<string> {
  const ended = new Set<string>();
  let isPaused = false;
  for (const [index, { seq, type, data }] of events.entries()) {
    if (seq !== index + 1) yield `the event ${index + 1} has the number ${seq}`;
    if (index > 0 && ENDS.has(events[index - 1]?.type ?? '')) yield `the event ${type} came after the end`;
    if (type === 'paused') isPaused = true;
    if (type === 'resumed') isPaused = false;
    if (isPaused && FIRED.has(type)) yield `the timer of ${JSON.stringify(data['key'])} fired while it was paused`;
    const key = typeof data['key'] === 'string' ? data['key'] : undefined;
    if (key === undefined) continue;
    if (type === 'step_started' && ended.has(key)) yield `the step ${key} started after it had ended`;
    if (type !== 'step_completed' && type !== 'step_failed') continue;
    if (ended.has(key)) yield `the step ${key} ended twice`;
    ended.add(key);
  }
}

/** The first valid answer counts, once; the others were told who and when. */
function* answerProblems(world: World, calls: readonly Call[], tasks: readonly StoredHumanTask[]): Generator<string> {
  for (const { step, answerId, by, outcome, executionId, kind } of calls) {
    if (kind !== 'answer' || step === undefined || answerId === undefined) continue;
    const mine = tasks.filter((task) => task.answerId === answerId);
    if (mine.length > 1) yield `the answer ${answerId} was delivered ${mine.length} times`;
    if (outcome === 'taken' && !mine.some(({ answeredBy, state }) => answeredBy === by && state === 'answered'))
      yield `the answer ${answerId} was acknowledged and is not recorded`;
    if (outcome === 'buffered' && mine.length === 0 && world.engine.read.earlyAnswer(executionId, step)?.answerId !== answerId) {
      const events = world.engine.read.events(executionId, 0, 100_000);
      const discarded = events.some(({ type, data }) => type === 'answer_discarded' && data['answered_by'] === by);
      if (!discarded) yield `the early answer ${answerId} was acknowledged and is gone`;
    }
    if (!(outcome instanceof PlatformError) || outcome.code !== 'CONFLICT') continue;
    const winner = outcome.details?.['answered_by'];
    if (typeof winner !== 'string' || winner === by || typeof outcome.details?.['answered_at'] !== 'string')
      yield `the loser ${answerId} was not told who and when: ${JSON.stringify(outcome.details)}`;
  }
  for (const { id, state, key, executionId } of tasks) {
    const entry = world.engine.read.entry(executionId, key);
    if (state === 'answered' && entry?.state !== 'done')
      yield `the answer of ${id} is recorded, its step is ${entry?.state ?? 'gone'}`;
    if (state === 'open' && entry?.state !== 'waiting') yield `the question ${id} is open, its step is ${entry?.state ?? 'gone'}`;
  }
}

/** A recorded result is one that a run of that step gave. */
function* valueProblems(world: World, executionId: string): Generator<string> {
  const tokens = new Set(world.runs.map(({ token }) => token));
  for (const { kind, state, value, key } of world.engine.read.journal(executionId)) {
    if (kind === 'step' && state === 'done' && !tokens.has(value as string))
      yield `the result ${JSON.stringify(value)} of ${key} is of no run`;
  }
}
