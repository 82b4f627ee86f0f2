import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PlatformError } from '@loopwright/protocol';
import { z } from 'zod';
import { journalDir, startOne } from '../embedded/engine-fixture.ts';
import type { Engine } from '../embedded/engine.ts';
import type { Execution } from '../execution/execution.ts';
import { explain } from '../execution/why.ts';
import { defineFunction } from '../interpreter/call-function.ts';
import { ManualClock, Steps, limitedDocument, openLimited, settled } from './limits-fixture.ts';
import { SpendingMeter, nanosOf, usdText } from './spending.ts';

const USE = `
do:
  - one: { call: use, with: { id: one, usd: '0.40', tokens: 600 } }
  - two: { call: use, with: { id: two, usd: '0.40', tokens: 600 } }
  - three: { call: use, with: { id: three } }`;

const ID = 'e1';
const status = (engine: Engine): Execution['status'] | undefined => engine.read.status(ID);
const executionOf = (engine: Engine): Execution => engine.read.execution(ID) as Execution;
const reaches = (engine: Engine, wanted: Execution['status']): Promise<void> =>
  settled(
    () => status(engine) === wanted,
    () => engine.read.events(ID, 0, 100),
  );
const start = (engine: Engine, budgets: Parameters<Engine['start']>[0]['budgets'], workflow = 'w'): Promise<unknown> =>
  engine.start({
    executionId: ID,
    workflow,
    projectId: 'p',
    input: {},
    startedBy: 'ann',
    ...(budgets === undefined ? {} : { budgets }),
  });
const isCode =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof PlatformError && error.code === code;

describe('Engine budgets', () => {
  it('pauses before the next step when the tokens are used up, says why, and goes on when somebody adds some', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    await using engine = await openLimited(journalDir(), { clock, steps, bodies: { w: USE } });
    await start(engine, { tokens: 1000 });
    await reaches(engine, 'paused');
    assert.deepEqual(steps.began, ['one', 'two'], 'what was under way when it was reached is recorded');
    const { budget, why } = { budget: engine.budget(executionOf(engine)), why: explain(engine.read, executionOf(engine), clock) };
    assert.deepEqual(budget?.used, { cost_usd: '0.8', tokens: 1200, attempts: 2, wall_seconds: 0 });
    assert.equal(budget.reached, 'tokens');
    assert.match(why.sentence, /budget of tokens is used up \(1200 of 1000\)/);
    assert.match(why.unblock ?? '', /\/executions\/e1\/budget/);
    await assert.rejects(engine.resume(ID, 'bob'), isCode('BUDGET_REACHED'));
    await assert.rejects(engine.addBudget(ID, { cost_usd: '1' }, { who: 'bob', additionId: 'x' }), isCode('VALIDATION_ERROR'));

    const still = await engine.addBudget(ID, { tokens: 100 }, { who: 'bob', additionId: 'a1' });
    assert.equal(still.status, 'paused', 'that is not enough');
    await engine.addBudget(ID, { tokens: 100 }, { who: 'bob', additionId: 'a1' });
    assert.equal(engine.budget(executionOf(engine))?.limits.tokens, 1100, 'the same addition counts once');
    await assert.rejects(engine.addBudget(ID, { tokens: 5 }, { who: 'bob', additionId: 'a1' }), isCode('IDEMPOTENCY_CONFLICT'));
    await engine.addBudget(ID, { tokens: 101 }, { who: 'bob', additionId: 'a2' });
    await reaches(engine, 'completed');
    assert.deepEqual(steps.began, ['one', 'two', 'three']);
    const added = engine.read.events(ID, 0, 100).filter(({ type }) => type === 'budget_added');
    assert.deepEqual(
      added.map(({ data }) => [data['added_by'], data['added']]),
      [
        ['bob', { tokens: 100 }],
        ['bob', { tokens: 101 }],
      ],
    );
    await assert.rejects(engine.addBudget(ID, { tokens: 1 }, { who: 'bob', additionId: 'a3' }), isCode('INVALID_STATE'));
  });

  it('counts money exactly, and what failing tries used', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    const body = `
do:
  - tries:
      try: [{ one: { call: use, with: { id: one, usd: '0.1', fails: true } } }]
      catch: { retry: { limit: { attempt: { count: 5 } } } }
  - last: { call: use, with: { id: last } }`;
    await using engine = await openLimited(journalDir(), { clock, steps, bodies: { w: body } });
    await start(engine, { cost_usd: '0.3' });
    await settled(() => {
      clock.pass(1);
      return status(engine) === 'paused';
    });
    assert.deepEqual([steps.began.length, engine.budget(executionOf(engine))?.used.cost_usd], [3, '0.3']);
  });

  it('holds the attempts of a fork, whose branches begin at the same time', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    const branches = [1, 2, 3, 4].map((n) => `{ b${n}: { call: use, with: { id: b${n} } } }`).join(', ');
    await using engine = await openLimited(journalDir(), {
      clock,
      steps,
      bodies: { w: `do: [{ all: { fork: { branches: [${branches}] } } }]` },
    });
    await start(engine, { attempts: 2 });
    await reaches(engine, 'paused');
    await settled(() => steps.began.length === 2);
    await engine.addBudget(ID, { attempts: 1 }, { who: 'bob', additionId: '1' });
    await settled(() => steps.began.length === 3 && status(engine) === 'paused');
    await engine.addBudget(ID, { attempts: 1 }, { who: 'bob', additionId: '2' });
    await reaches(engine, 'completed');
    assert.deepEqual(steps.began.toSorted(), ['b1', 'b2', 'b3', 'b4'], 'nothing ran twice');
  });

  it('counts the time from start to end, without pauses', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    const body = `do: [{ one: { call: work, with: { id: one } } }, { two: { call: use, with: { id: two } } }]`;
    await using engine = await openLimited(journalDir(), { clock, steps, bodies: { w: body } });
    await start(engine, { wall_seconds: 60 });
    await settled(() => steps.underWay.length === 1);
    clock.pass(50_000);
    await engine.pause(ID, 'ann');
    clock.pass(3_600_000);
    await engine.resume(ID, 'ann');
    assert.equal(engine.budget(executionOf(engine))?.used.wall_seconds, 50);
    clock.pass(11_000);
    steps.end();
    await reaches(engine, 'paused');
    assert.equal(engine.budget(executionOf(engine))?.reached, 'wall_seconds');
    clock.pass(3_600_000);
    await engine.addBudget(ID, { wall_seconds: 10 }, { who: 'bob', additionId: '1' });
    await reaches(engine, 'completed');
    clock.pass(3_600_000);
    assert.equal(engine.budget(executionOf(engine))?.used.wall_seconds, 60, 'the timer stopped it');
  });

  it('takes the limits from the start, then the definition, then the server', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    const text = limitedDocument('w', '{ budgets: { tokens: 5, attempts: 7 } }', USE);
    const limits = { budgets: { tokens: 1, attempts: 1, wall_seconds: 90 } };
    await using engine = await openLimited(journalDir(), { clock, steps, limits, bodies: { w: text } });
    await start(engine, { tokens: 100_000, cost_usd: null });
    await reaches(engine, 'completed');
    const budget = engine.budget(executionOf(engine));
    assert.deepEqual(budget?.limits, { cost_usd: null, tokens: 100_000, attempts: 7, wall_seconds: 90 });
    const same = startOne(engine, 'w', {}, ID);
    await assert.rejects(same, isCode('IDEMPOTENCY_CONFLICT'), 'other budgets are another request');
  });

  it('keeps what was used and the pause when the process ends, and does no step again', async () => {
    const [dir, clock, steps] = [journalDir(), new ManualClock(), new Steps()];
    const bodies = { w: USE };
    {
      await using engine = await openLimited(dir, { clock, steps, bodies });
      await start(engine, { cost_usd: '0.4' });
      await reaches(engine, 'paused');
    }
    await using engine = await openLimited(dir, { clock, steps, bodies });
    assert.equal(status(engine), 'paused');
    assert.equal(engine.budget(executionOf(engine))?.used.cost_usd, '0.4');
    await engine.addBudget(ID, { cost_usd: '5' }, { who: 'bob', additionId: '1' });
    await reaches(engine, 'completed');
    assert.deepEqual(steps.began, ['one', 'two', 'three']);
  });

  it('stops a step that takes the process down with it each time', async () => {
    const [dir, clock, steps] = [journalDir(), new ManualClock(), new Steps()];
    const bodies = { w: 'do: [{ one: { call: work, with: { id: one } } }]' };
    for (const run of [1, 2]) {
      await using engine = await openLimited(dir, { clock, steps, bodies });
      if (run === 1) await start(engine, { attempts: 2 });
      await settled(() => steps.began.length === run);
    }
    await using engine = await openLimited(dir, { clock, steps, bodies });
    await reaches(engine, 'paused');
    assert.equal(steps.began.length, 2);
    await engine.addBudget(ID, { attempts: 1 }, { who: 'bob', additionId: '1' });
    await settled(() => steps.began.length === 3);
    steps.end();
    await reaches(engine, 'completed');
  });

  it('counts what an execution runs by run: workflow, and pauses both', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    const run = '{ run: { workflow: { namespace: test, name: child, version: latest } } }';
    const bodies = { child: USE, w: `do: [{ before: { call: use, with: { id: zero, tokens: 1 } } }, { part: ${run} }]` };
    await using engine = await openLimited(journalDir(), { clock, steps, bodies });
    await start(engine, { tokens: 1000 });
    await reaches(engine, 'paused');
    const [child = ''] = engine.read.children(ID);
    assert.deepEqual([engine.read.status(child), engine.budget(executionOf(engine))?.used.tokens], ['paused', 1201]);
    await assert.rejects(engine.resume(child, 'bob'), isCode('BUDGET_REACHED'));
    const why = explain(engine.read, engine.read.execution(child) ?? executionOf(engine), clock);
    assert.match(why.unblock ?? '', /executions\/e1\/budget/);
    await engine.addBudget(ID, { tokens: 1000 }, { who: 'bob', additionId: '1' });
    await reaches(engine, 'completed');
    assert.deepEqual(steps.began, ['zero', 'one', 'two', 'three']);
    assert.equal(engine.budget(engine.read.execution(child) ?? executionOf(engine))?.used.cost_usd, '0.8');
  });

  it('counts what a step used that ends after its execution was cancelled', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    const late = Promise.withResolvers<null>();
    const stubborn = defineFunction({
      description: 'Does not stop',
      arguments: z.strictObject({}),
      run: ({ step }) =>
        step(async ({ spend }) => {
          steps.began.push('late');
          await late.promise;
          spend({ tokens: 7 });
          return null;
        }),
    });
    Object.assign(steps.functions, { stubborn });
    await using engine = await openLimited(journalDir(), { clock, steps, bodies: { w: 'do: [{ one: { call: stubborn } }]' } });
    await start(engine, undefined);
    await settled(() => steps.began.length === 1);
    await engine.cancel(ID, { who: 'ann', reason: null });
    assert.equal(engine.budget(executionOf(engine)), undefined);
    late.resolve(null);
    await settled(() => engine.budget(executionOf(engine))?.used.tokens === 7);
  });
});

describe('what a step spent', () => {
  it('is told in an event for each agent and model, also when the step fails and when it used nothing', async () => {
    const clock = new ManualClock();
    const spending = defineFunction({
      description: 'Spends for two agents and fails',
      arguments: z.strictObject({}),
      run: ({ step }) =>
        step(async ({ spend }) => {
          spend({ agent: 'architect', provider: 'p', model: 'm', inputTokens: 10, outputTokens: 5, costUsd: '0.1' });
          spend({ agent: 'architect', provider: 'p', model: 'm', inputTokens: 1, outputTokens: 1, costUsd: 0.2 });
          spend({ agent: 'induction', tokens: 0 });
          throw new Error('failed all the same');
        }),
    });
    await using engine = await openLimited(journalDir(), {
      clock,
      steps: Object.assign(new Steps(), { functions: { spending } }),
      bodies: { w: 'do: [{ one: { call: spending } }]' },
    });
    await start(engine, undefined);
    await reaches(engine, 'failed');
    const spent = engine.read.events(ID, 0, 100).filter(({ type }) => type === 'spent');
    const nothing = { provider: null, model: null, input_tokens: null, output_tokens: null, cost_usd: null };
    assert.deepEqual(
      spent.map(({ step, data }) => [step, data]),
      [
        [
          'one',
          {
            key: 'one',
            agent: 'architect',
            provider: 'p',
            model: 'm',
            calls: 2,
            tokens: 17,
            input_tokens: 11,
            output_tokens: 6,
            cost_usd: '0.3',
          },
        ],
        ['one', { key: 'one', agent: 'induction', calls: 1, tokens: 0, ...nothing }],
      ],
    );
  });
});

describe('SpendingMeter', () => {
  it('adds amounts without binary fractions, and refuses what is none', () => {
    const meter = new SpendingMeter();
    for (let time = 0; time < 10; time += 1) meter.spend({ costUsd: '0.1', tokens: 3 });
    meter.spend({ costUsd: 0.1 + 0.2 });
    assert.deepEqual([usdText(meter.total?.cost ?? 0), meter.total?.tokens], ['1.3', 30]);
    for (const wrong of [{ costUsd: '-1' }, { costUsd: NaN }, { tokens: 1.5 }, { tokens: -1 }, { costUsd: '1e3' }])
      assert.throws(() => meter.spend(wrong), TypeError);
    assert.equal(usdText(nanosOf('999999.999999999')), '999999.999999999');
  });
});

describe('the question for more budget', () => {
  const openQuestions = (engine: Engine): string[] =>
    engine.read.humanTasks({ executionId: ID, state: 'open', limit: 10 }).map(({ id }) => id);
  const give = (engine: Engine, taskId: string, more: number, answerId: string): ReturnType<Engine['answer']> =>
    engine.answer({ taskId }, { kind: 'clarification', answers: { MORE: more } }, { answerId, answeredBy: 'bob' });

  it('is asked when a budget is used up, takes a number, and is asked again when that is not enough', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    await using engine = await openLimited(journalDir(), { clock, steps, bodies: { w: USE } });
    await start(engine, { tokens: 1000 });
    await reaches(engine, 'paused');
    const [first = ''] = openQuestions(engine);
    await assert.rejects(give(engine, first, 0, 'a0'), isCode('INVALID_ANSWER'));
    await assert.rejects(give(engine, first, 1.5, 'a0'), isCode('INVALID_ANSWER'));
    assert.equal((await give(engine, first, 100, 'a1')).task?.state, 'answered');
    assert.equal(status(engine), 'paused');
    const [second = '', ...more] = openQuestions(engine);
    assert.ok(second !== first && second !== '' && more.length === 0);
    assert.equal((await give(engine, first, 100, 'a1')).task?.id, first, 'the same answer again has no second effect');
    assert.equal(engine.budget(executionOf(engine))?.limits.tokens, 1100);
    await assert.rejects(give(engine, first, 5, 'a2'), isCode('CONFLICT'));
    await give(engine, second, 500, 'a3');
    await reaches(engine, 'completed');
    assert.deepEqual(openQuestions(engine), []);
  });

  it('is closed when the budget is added without it, and when the execution is cancelled', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    await using engine = await openLimited(journalDir(), { clock, steps, bodies: { w: USE } });
    await start(engine, { tokens: 1000, attempts: 2 });
    await reaches(engine, 'paused');
    await engine.addBudget(ID, { tokens: 500 }, { who: 'bob', additionId: 'a1' });
    const [about] = engine.read.humanTasks({ executionId: ID, state: 'open', limit: 10 });
    assert.match(JSON.stringify(about?.request), /budget of attempts is used up/, 'the next kind that is used up is asked for');
    await engine.cancel(ID, { who: 'bob', reason: null });
    assert.deepEqual(openQuestions(engine), []);
  });
});
