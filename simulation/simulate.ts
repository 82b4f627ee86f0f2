import { isFinal } from '@loopwright/engine';
import { answerFor } from './answer-for.ts';
import type { Fault } from './faulty-store.ts';
import { openBudgetQuestion } from './budget-problems.ts';
import { scheduleProblems } from './schedule-problems.ts';
import { EVERY_EVENT, openListeners } from './hearing.ts';
import { problemsOf } from './invariants.ts';
import { everyNode } from './node.ts';
import type { Action, Plan } from './plan.ts';
import { unexpectedRun } from './unexpected-run.ts';
import { type Call, World, turns } from './world.ts';

/** How many timers may fire at the end before an execution counts as hanging. */
const LAST_TIMERS = 5000;
const STARTED = ['e0', 'e1'];

/** The id of an execution that a plan means: one that is started, or one of those that they run or that a schedule started. */
function idOf(world: World, execution: number): string {
  const started = STARTED[execution];
  if (started !== undefined) return started;
  const others = world.others;
  return others[execution % Math.max(1, others.length)] ?? 'e0';
}

const everyId = (world: World): string[] => [...STARTED, ...world.others];

function problemsNow(world: World): string[] {
  const ids = everyId(world);
  const { isPunctual, mayRest, calls, clock } = world;
  return [
    ...problemsOf(world, (id) => world.flowOf(id), ids),
    ...world.scheduled.flatMap((one) => [
      ...scheduleProblems(world.engine.read, one, { isPunctual, mayRest, calls, now: clock.now(), executionIds: ids }),
    ]),
  ];
}

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
  { flows, actions }: Plan,
  faultAt?: (operation: number) => Fault | undefined,
): Promise<SimulationResult> {
  await using world: World = new World(flows, {
    beforeStep: (id, idempotencyKey) => {
      const problem = world.store.isDead ? undefined : unexpectedRun(world.engine.read, world.flowOf(id), { id, idempotencyKey });
      if (problem !== undefined) world.problems.push(problem);
    },
    ...(faultAt === undefined ? {} : { faultAt }),
  });
  await world.boot();
  const problems: string[] = [];
  for (const [index, { action, turns: count }] of actions.entries()) {
    await act(world, action);
    if (count === null) {
      await world.settle();
      problems.push(...problemsNow(world).map((problem) => `after action ${index}: ${problem}`));
    } else {
      await turns(count);
      if (world.store.isDead) await world.crash();
    }
    problems.push(...world.problems.splice(0));
    if (problems.length > 0) break;
  }
  if (problems.length === 0) problems.push(...(await finish(world)));
  const log = everyId(world)
    .map((id) => JSON.stringify(world.engine.read.events(id, 0, 100_000)))
    .join('\n');
  return { problems, log, operations: world.operations };
}

async function act(world: World, action: Action): Promise<void> {
  switch (action.kind) {
    case 'start':
      return world.start(idOf(world, action.execution));
    case 'pause':
    case 'resume':
    case 'cancel':
      return world.control(action.kind, idOf(world, action.execution));
    case 'pause-at-event':
      return world.pauseAtEvent(idOf(world, action.execution));
    case 'answer':
      return answer(world, action);
    case 'budget': {
      const id = idOf(world, action.execution);
      const asked = action.asked ? openBudgetQuestion(world.engine.read, id) : undefined;
      return world.allow(id, { amount: action.amount, id: `b${action.id}`, asked });
    }
    case 'publish': {
      const { type, colour, id, twice } = action;
      for (let time = 0; time < (twice ? 2 : 1); time += 1) publish(world, { type, colour, id: `p${id}-${type}-${colour}` });
      return;
    }
    case 'advance':
      for (let time = 0; time < action.times && !world.store.isDead; time += 1) {
        world.clock.advance();
        await turns(1);
      }
      return;
    case 'fault':
      world.isPunctual = false;
      return world.store.plan(action.fault, action.operation);
    case 'crash':
      return world.crash();
    case 'close':
      return world.close(action.drainMs);
  }
}

function answer(world: World, action: Extract<Action, { kind: 'answer' }>): void {
  const executionId = idOf(world, action.execution);
  const { list } = world.flowOf(executionId);
  const questions = everyNode(list).filter(({ kind }) => kind === 'accept' || kind === 'clarify');
  const open = world.engine.read.humanTasks({ executionId, state: 'open', limit: 1 })[0];
  const step = action.target < 3 ? open?.step : questions[action.target % Math.max(1, questions.length)]?.name;
  const kind = questions.find(({ name }) => name === step)?.kind;
  if (step === undefined || kind === undefined) return;
  for (const answerId of action.rival ? [`a${action.id}`, `r${action.id}`] : [`a${action.id}`])
    world.answer({ executionId, step, answer: answerFor(kind, action.valid), answerId });
}

function publish(world: World, { type, colour, id }: { type: string; colour: string; id: string }): void {
  const event = { specversion: '1.0', id, source: 'outside', type, data: { colour, tag: id } };
  world.publish(event, openListeners(world.engine.read, everyId(world)));
}

/** No more faults: resumes, answers and publishes until every execution has ended. */
async function finish(world: World): Promise<string[]> {
  const problems = (): string[] => problemsNow(world);
  await world.settle();
  world.store.noFaults();
  // They would go on for ever; what they have decided is started.
  await world.pauseSchedules();
  let isHeard = false;
  for (let fired = 0; fired < LAST_TIMERS; fired += 1) {
    await world.settle();
    if (world.problems.length > 0) return world.problems;
    const waiting = everyId(world).filter((id) => {
      const status = world.engine.read.execution(id)?.status;
      return status !== undefined && !isFinal(status);
    });
    if (waiting.length === 0) return problems();
    let moved = false;
    for (const id of waiting) moved = (await push(world, { id, number: fired })) || moved;
    if (moved) continue;
    const isListening = openListeners(world.engine.read, waiting).length > 0;
    // By turns: a timer may always be there, that of the wall time for one.
    isHeard = isListening && !isHeard;
    if (!isHeard && world.clock.advance()) continue;
    if (!isListening) {
      world.mayRest = false;
      return [...problems(), `nothing will ever wake ${waiting.join(', ')}`];
    }
    for (const { type, colour } of EVERY_EVENT) publish(world, { type, colour, id: `last-${fired}-${type}-${colour}` });
  }
  return [`does not end: ${LAST_TIMERS} timers fired`];
}

async function push(world: World, { id, number }: { id: string; number: number }): Promise<boolean> {
  const { list } = world.flowOf(id);
  if (world.engine.read.execution(id)?.status === 'paused') {
    const asked = openBudgetQuestion(world.engine.read, id);
    if (asked === undefined) world.control('resume', id);
    else world.allow(id, { amount: 100_000, id: `last-${id}-${number}`, asked });
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
