import type { SubmittedAnswer } from '@loopwright/engine';
import { isFinal } from '@loopwright/engine';
import { problemsOf } from './invariants.ts';
import { positionOf } from './model.ts';
import { type Action, type Node, type Plan, everyNode } from './plan.ts';
import { World, turns } from './world.ts';

/** How many timers may fire at the end before an execution counts as hanging. */
const LAST_TIMERS = 5000;
const idOf = (execution: number): string => `e${execution}`;

/** What came of a simulated run: nothing in `problems`, and the same `log` each time. */
export interface SimulationResult {
  readonly problems: readonly string[];
  /** All events of all executions. */
  readonly log: string;
}

/** Runs a plan against the embedded engine on the real store, in virtual time, and lets everything end. */
export async function simulate(plan: Plan): Promise<SimulationResult> {
  const { list } = plan;
  await using world: World = new World(list, (id, idempotencyKey) => {
    const problem = unexpectedRun(world, list, { id, idempotencyKey });
    if (problem !== undefined) world.problems.push(problem);
  });
  await world.boot();
  const ids = [idOf(0), idOf(1)];
  const problems: string[] = [];
  for (const [index, { action, turns: count }] of plan.actions.entries()) {
    await act(world, list, action);
    if (count === null) {
      await world.settle();
      problems.push(...problemsOf(world, list, ids).map((problem) => `after action ${index}: ${problem}`));
    } else {
      await turns(count);
      if (world.store.isDead) await world.crash();
    }
    problems.push(...world.problems.splice(0));
    if (problems.length > 0) break;
  }
  if (problems.length === 0) problems.push(...(await finish(world, list, ids)));
  const log = ids.map((id) => JSON.stringify(world.engine.read.events(id, 0, 100_000))).join('\n');
  return { problems, log };
}

async function act(world: World, list: readonly Node[], action: Action): Promise<void> {
  switch (action.kind) {
    case 'start':
      return world.start(idOf(action.execution));
    case 'pause':
    case 'resume':
    case 'cancel':
      return world.control(action.kind, idOf(action.execution));
    case 'pause-at-event':
      return world.pauseAtEvent(idOf(action.execution));
    case 'answer': {
      const questions = everyNode(list).filter(({ kind }) => kind === 'accept' || kind === 'clarify');
      const open = world.engine.read.humanTasks({ executionId: idOf(action.execution), state: 'open', limit: 1 })[0];
      const step = action.target < 3 ? open?.step : questions[action.target % Math.max(1, questions.length)]?.name;
      const kind = questions.find(({ name }) => name === step)?.kind;
      if (step === undefined || kind === undefined) return;
      world.answer({
        executionId: idOf(action.execution),
        step,
        answer: answerFor(kind, action.valid),
        answerId: `a${action.id}`,
      });
      return;
    }
    case 'advance':
      for (let time = 0; time < action.times && !world.store.isDead; time += 1) {
        world.clock.advance();
        await turns(1);
      }
      return;
    case 'fault':
      return world.store.plan(action.fault, action.operation);
    case 'crash':
      return world.crash();
  }
}

function answerFor(kind: Node['kind'], valid: boolean): SubmittedAnswer {
  if (kind === 'clarify') return { kind: 'clarification', answers: { WHICH: valid ? 'a' : 'z' } };
  return valid ? { kind: 'acceptance', accepted: true } : { kind: 'clarification', answers: { WHICH: 'a' } };
}

/** A step may only run where the model stands by what is committed, under that key, and not while it is paused. */
function unexpectedRun(
  world: World,
  list: readonly Node[],
  { id, idempotencyKey }: { id: string; idempotencyKey: string },
): string | undefined {
  const { read } = world.engine;
  if (world.store.isDead) return undefined;
  const status = read.execution(id)?.status;
  if (status === 'paused' || status === undefined || isFinal(status))
    return `${id}: ${idempotencyKey} runs while it is ${status}`;
  const position = positionOf(list, read.journal(id));
  const expected = position.state === 'open' ? `${id}:${position.key.replaceAll(/@try-\d+/g, '')}` : position.state;
  return expected === idempotencyKey ? undefined : `${id}: ${idempotencyKey} runs, the model stands at ${expected}`;
}

/** No more faults: resumes and answers until every execution has ended. */
async function finish(world: World, list: readonly Node[], ids: readonly string[]): Promise<string[]> {
  await world.settle();
  world.store.noFaults();
  for (let fired = 0; fired < LAST_TIMERS; fired += 1) {
    await world.settle();
    if (world.problems.length > 0) return world.problems;
    const waiting = ids.filter((id) => {
      const status = world.engine.read.execution(id)?.status;
      return status !== undefined && !isFinal(status);
    });
    if (waiting.length === 0) return problemsOf(world, list, ids);
    let moved = false;
    for (const id of waiting) moved = (await push(world, list, { id, number: fired })) || moved;
    if (!moved && !world.clock.advance()) {
      world.mayRest = false;
      return [...problemsOf(world, list, ids), `nothing will ever wake ${waiting.join(', ')}`];
    }
  }
  return [`does not end: ${LAST_TIMERS} timers fired`];
}

async function push(world: World, list: readonly Node[], { id, number }: { id: string; number: number }): Promise<boolean> {
  if (world.engine.read.execution(id)?.status === 'paused') {
    world.control('resume', id);
    await world.settle();
    return true;
  }
  const open = world.engine.read.humanTasks({ executionId: id, state: 'open', limit: 1 })[0];
  const kind = everyNode(list).find(({ name }) => name === open?.step)?.kind;
  if (open === undefined || kind === undefined) return false;
  const call = world.answer({
    executionId: id,
    step: open.step,
    answer: answerFor(kind, true),
    answerId: `last-${id}-${number}`,
  });
  await world.settle();
  if (call.outcome !== 'taken') world.problems.push(`${id}: the answer to ${open.step} was not taken: ${String(call.outcome)}`);
  return true;
}
