import { isFinal } from '@loopwright/engine';
import { answerFor } from './answer-for.ts';
import type { Fault } from './faulty-store.ts';
import { EVERY_EVENT, openListeners } from './hearing.ts';
import { problemsOf } from './invariants.ts';
import { type Flow, everyNode } from './node.ts';
import type { Action, Plan } from './plan.ts';
import { unexpectedRun } from './unexpected-run.ts';
import { type Call, World, turns } from './world.ts';

/** How many timers may fire at the end before an execution counts as hanging. */
const LAST_TIMERS = 5000;
const idOf = (execution: number): string => `e${execution}`;

/** What came of a simulated run: nothing in `problems`, and the same `log` each time. */
export interface SimulationResult {
  readonly problems: readonly string[];
  /** All events of all executions. */
  readonly log: string;
  /** Writes of the store that were asked for. */
  readonly operations: number;
}

/** Runs a plan against the embedded engine on the real store, in virtual time, and lets everything end. `faultAt`: see `World`. */
export async function simulate(
  { flow, actions }: Plan,
  faultAt?: (operation: number) => Fault | undefined,
): Promise<SimulationResult> {
  await using world: World = new World(flow, {
    beforeStep: (id, idempotencyKey) => {
      const problem = world.store.isDead ? undefined : unexpectedRun(world.engine.read, flow, { id, idempotencyKey });
      if (problem !== undefined) world.problems.push(problem);
    },
    ...(faultAt === undefined ? {} : { faultAt }),
  });
  await world.boot();
  const ids = [idOf(0), idOf(1)];
  const problems: string[] = [];
  for (const [index, { action, turns: count }] of actions.entries()) {
    await act(world, { flow, ids, action });
    if (count === null) {
      await world.settle();
      problems.push(...problemsOf(world, () => flow, ids).map((problem) => `after action ${index}: ${problem}`));
    } else {
      await turns(count);
      if (world.store.isDead) await world.crash();
    }
    problems.push(...world.problems.splice(0));
    if (problems.length > 0) break;
  }
  if (problems.length === 0) problems.push(...(await finish(world, flow, ids)));
  const log = ids.map((id) => JSON.stringify(world.engine.read.events(id, 0, 100_000))).join('\n');
  return { problems, log, operations: world.operations };
}

async function act(world: World, { flow, ids, action }: { flow: Flow; ids: readonly string[]; action: Action }): Promise<void> {
  switch (action.kind) {
    case 'start':
      return world.start(idOf(action.execution));
    case 'pause':
    case 'resume':
    case 'cancel':
      return world.control(action.kind, idOf(action.execution));
    case 'pause-at-event':
      return world.pauseAtEvent(idOf(action.execution));
    case 'answer':
      return answer(world, flow, action);
    case 'publish': {
      const { type, colour, id, twice } = action;
      for (let time = 0; time < (twice ? 2 : 1); time += 1) publish(world, ids, { type, colour, id: `p${id}-${type}-${colour}` });
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
    case 'close':
      return world.close(action.drainMs);
  }
}

function answer(world: World, { list }: Flow, action: Extract<Action, { kind: 'answer' }>): void {
  const executionId = idOf(action.execution);
  const questions = everyNode(list).filter(({ kind }) => kind === 'accept' || kind === 'clarify');
  const open = world.engine.read.humanTasks({ executionId, state: 'open', limit: 1 })[0];
  const step = action.target < 3 ? open?.step : questions[action.target % Math.max(1, questions.length)]?.name;
  const kind = questions.find(({ name }) => name === step)?.kind;
  if (step === undefined || kind === undefined) return;
  for (const answerId of action.rival ? [`a${action.id}`, `r${action.id}`] : [`a${action.id}`])
    world.answer({ executionId, step, answer: answerFor(kind, action.valid), answerId });
}

function publish(world: World, ids: readonly string[], { type, colour, id }: { type: string; colour: string; id: string }): void {
  const event = { specversion: '1.0', id, source: 'outside', type, data: { colour, tag: id } };
  world.publish(event, openListeners(world.engine.read, ids));
}

/** No more faults: resumes, answers and publishes until every execution has ended. */
async function finish(world: World, flow: Flow, ids: readonly string[]): Promise<string[]> {
  await world.settle();
  world.store.noFaults();
  for (let fired = 0; fired < LAST_TIMERS; fired += 1) {
    await world.settle();
    if (world.problems.length > 0) return world.problems;
    const waiting = ids.filter((id) => {
      const status = world.engine.read.execution(id)?.status;
      return status !== undefined && !isFinal(status);
    });
    if (waiting.length === 0) return problemsOf(world, () => flow, ids);
    let moved = false;
    for (const id of waiting) moved = (await push(world, flow, { id, number: fired })) || moved;
    if (moved || world.clock.advance()) continue;
    if (openListeners(world.engine.read, waiting).length === 0) {
      world.mayRest = false;
      return [...problemsOf(world, () => flow, ids), `nothing will ever wake ${waiting.join(', ')}`];
    }
    for (const { type, colour } of EVERY_EVENT) publish(world, ids, { type, colour, id: `last-${fired}-${type}-${colour}` });
  }
  return [`does not end: ${LAST_TIMERS} timers fired`];
}

async function push(world: World, { list }: Flow, { id, number }: { id: string; number: number }): Promise<boolean> {
  if (world.engine.read.execution(id)?.status === 'paused') {
    world.control('resume', id);
    await world.settle();
    return true;
  }
  const open = world.engine.read.humanTasks({ executionId: id, state: 'open', limit: 1 })[0];
  const kind = everyNode(list).find(({ name }) => name === open?.step)?.kind;
  if (open === undefined || kind === undefined) return false;
  const answerId = `last-${id}-${number}`;
  const call: Call = world.answer({ executionId: id, step: open.step, answer: answerFor(kind, true), answerId });
  await world.settle();
  if (call.outcome === 'lost') return true;
  if (call.outcome !== 'taken') world.problems.push(`${id}: the answer to ${open.step} was not taken: ${String(call.outcome)}`);
  return true;
}
