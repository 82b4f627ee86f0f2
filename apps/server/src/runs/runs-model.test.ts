import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type RunStatus, advanceRunResponseSchema } from '@loopwright/protocol';
import * as fc from 'fast-check';
import { errorIn } from '../http/app-fixture.ts';
import { ANN, type RunServer, createOne, detailOf, openRunServer } from './runs-fixture.ts';

const PHASES = ['one', 'two', 'three'];

/** What a run must be, whatever was done to it. */
interface Model {
  status: RunStatus;
  completed: number;
}

type Command =
  | { readonly do: 'next'; readonly callers: number }
  | { readonly do: 'next-and-cancel' | 'next-and-pause' }
  | { readonly do: 'pause' | 'resume' | 'cancel' | 'retry' | 'restart' };

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('next' as const), callers: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('pause' as const, 'resume' as const, 'resume' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('next-and-pause' as const, 'next-and-cancel' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('cancel' as const, 'retry' as const) }) },
);

describe('a run under any sequence of commands', () => {
  it('is what a simple model says: one phase for each next that succeeds, in order, each step once', async (context) => {
    const dir = await mkdtemp(join(tmpdir(), 'loopwright-runs-model-'));
    const counts = new Map<string, number>();
    const open = (): Promise<RunServer> => openRunServer({ dir }, counts);
    let server = await open();
    // Also when it fails: with the server the process would stay, and nobody would see why.
    context.after(async () => {
      await server[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    });
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 10 }), async (commands) => {
        const { run_id: id } = await createOne(server, { profile: 'counted' });
        const model: Model = { status: 'running', completed: 0 };
        for (const one of commands) {
          if (one.do === 'restart') {
            await server[Symbol.asyncDispose]();
            server = await open();
          } else await carryOut(server, id, { command: one, model });
          await check(server, id, { model, counts });
        }
      }),
      {
        numRuns: Number(process.env['RUN_SEQUENCES'] ?? 10),
        ...(process.env['RUN_SEED'] === undefined ? {} : { seed: Number(process.env['RUN_SEED']) }),
      },
    );
  });
});

async function carryOut(
  server: RunServer,
  id: string,
  { command: one, model }: { command: Command; model: Model },
): Promise<void> {
  const post = (path: string) => server.post(`/runs/${id}/${path}`, undefined, ANN);
  const isOpen = model.status === 'running' || model.status === 'paused';
  if (one.do === 'next') return advanceAtOnce(server, id, { callers: one.callers, model });
  if (one.do === 'next-and-cancel' || one.do === 'next-and-pause') {
    const verb = one.do === 'next-and-cancel' ? 'cancel' : 'pause';
    const [advanced, stopped] = await Promise.all([post('next'), post(verb)]);
    // Which of the two came first is anybody's guess: the record says how far it came.
    const { status, phases } = await detailOf(server, id);
    const completed = phases.filter((phase) => phase.status === 'completed').length;
    // The step that is under way ends all the same, and where it was the last one, so does the run.
    const isOver = verb === 'pause' && completed === PHASES.length && status === 'completed';
    if (stopped.status !== 200) errorIn(stopped, 'INVALID_STATE');
    else if (!isOver) assert.equal(status, verb === 'cancel' ? 'cancelled' : 'paused');
    assert.ok([200, 409].includes(advanced.status));
    assert.ok(completed === model.completed || completed === model.completed + 1);
    const isUnderWay = phases.some((phase) => phase.status === 'in_progress');
    Object.assign(model, { status, completed });
    if (isUnderWay) await settle(server, id, model);
    return;
  }
  const answer = await post(one.do);
  const allowed = {
    pause: model.status === 'running',
    resume: model.status === 'paused',
    cancel: isOpen,
    retry: false,
    restart: false,
  }[one.do];
  assert.equal(answer.status, allowed ? 200 : 409, `${one.do} of a run that is ${model.status}: ${JSON.stringify(answer.body)}`);
  if (allowed) model.status = ({ pause: 'paused', resume: 'running', cancel: 'cancelled' } as const)[one.do as 'pause'];
}

/** Lets a phase end that was begun while somebody paused the run. */
async function settle(server: RunServer, id: string, model: Model): Promise<void> {
  await server.post(`/runs/${id}/resume`, undefined, ANN);
  for (;;) {
    const { phases, status } = await detailOf(server, id);
    if (!phases.some((phase) => phase.status === 'in_progress')) {
      Object.assign(model, { status, completed: phases.filter((phase) => phase.status === 'completed').length });
      return;
    }
    await new Promise((resolve) => void setTimeout(resolve, 2));
  }
}

async function advanceAtOnce(
  server: RunServer,
  id: string,
  { callers, model }: { callers: number; model: Model },
): Promise<void> {
  const answers = await Promise.all(Array.from({ length: callers }, () => server.post(`/runs/${id}/next`, undefined, ANN)));
  const ran = answers.filter(({ status }) => status === 200).map(({ body }) => advanceRunResponseSchema.parse(body));
  for (const refused of answers.filter(({ status }) => status !== 200)) assert.equal(refused.status, 409);
  const from = model.completed;
  model.completed += ran.length;
  assert.deepEqual(ran.map(({ previous_phase }) => previous_phase).sort(inOrder), PHASES.slice(from, model.completed));
  if (model.status === 'running') assert.ok(ran.length >= 1, 'somebody is first');
  else assert.equal(ran.length, 0);
  if (model.completed === PHASES.length) model.status = model.status === 'running' ? 'completed' : model.status;
}

function inOrder(one: string, other: string): number {
  return PHASES.indexOf(one) - PHASES.indexOf(other);
}

async function check(
  server: RunServer,
  id: string,
  { model, counts }: { model: Model; counts: ReadonlyMap<string, number> },
): Promise<void> {
  const { status, phases, current_phase } = await detailOf(server, id);
  const completed = phases.filter((phase) => phase.status === 'completed');
  assert.deepEqual([status, completed.length], [model.status, model.completed]);
  assert.deepEqual(
    completed.map(({ phase }) => phase),
    PHASES.slice(0, model.completed),
    'in order, none left out',
  );
  if (status === 'running') assert.equal(current_phase, PHASES[model.completed]);
  for (const [index, phase] of PHASES.entries()) {
    const count = counts.get(`${id} ${phase}`) ?? 0;
    assert.ok(index < model.completed ? count === 1 : count <= 1, `${phase} was executed ${count} times`);
  }
}
