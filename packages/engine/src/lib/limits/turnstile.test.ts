import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PlatformError } from '@loopwright/protocol';
import fc from 'fast-check';
import { journalDir } from '../embedded/engine-fixture.ts';
import { explain } from '../execution/why.ts';
import { ManualClock, Steps, openLimited, settled } from './limits-fixture.ts';
import { FairShare } from './fair-share.ts';
import { parseRateLimits } from './rate-limit.ts';
import { Turnstile } from './turnstile.ts';

const never = new AbortController().signal;

describe('Turnstile', () => {
  it('passes no rate limit in any span, leaves no turn unused, and serves everybody (property)', async () => {
    const arrival = fc.record({
      after: fc.integer({ min: 0, max: 300 }),
      workflow: fc.constantFrom('a', 'b', 'c'),
      priority: fc.integer({ min: 0, max: 9 }),
    });
    const plan = fc.record({
      limit: fc.integer({ min: 1, max: 4 }),
      perMs: fc.integer({ min: 10, max: 500 }),
      arrivals: fc.array(arrival, { maxLength: 60 }),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ limit, perMs, arrivals }) => {
        const clock = new ManualClock();
        const turnstile = new Turnstile(clock, { rates: { f: { limit, perMs } } });
        const came: number[] = [];
        const through: number[] = [];
        for (const { after, workflow, priority } of arrivals) {
          for (let ms = 0; ms < after; ms += 1) {
            clock.pass(1);
            await Promise.resolve();
          }
          came.push(clock.now());
          void Promise.resolve(
            turnstile.enter({ executionId: 'e', workflow, priority, step: 's', rate: 'f', isStep: false }, never),
          ).then(() => through.push(clock.now()));
          await Promise.resolve();
        }
        for (let ms = 0; through.length < arrivals.length && ms < 100 * 500; ms += 1) {
          clock.pass(1);
          await new Promise<void>((resolve) => process.nextTick(resolve));
        }
        assert.equal(through.length, arrivals.length, 'somebody was forgotten');
        for (const [index, at] of through.entries()) {
          const before = through[index - limit];
          assert.ok(before === undefined || at - before >= perMs, `${limit + 1} calls within ${perMs} ms`);
          const earliest = Math.max(came[index] ?? 0, before === undefined ? 0 : before + perMs);
          assert.ok(at <= earliest + 1, 'a turn was left unused');
        }
      }),
      { numRuns: 60 },
    );
  });

  it('takes out of the line who is given up, and gives a place back once', async () => {
    const clock = new ManualClock();
    const turnstile = new Turnstile(clock, { steps: 1 });
    const request = (executionId: string): Parameters<Turnstile['enter']>[0] => ({
      executionId,
      workflow: 'w',
      step: 's',
      rate: '',
      isStep: true,
    });
    const leave = await turnstile.enter(request('a'), never);
    const gone = new AbortController();
    const second = Promise.resolve(turnstile.enter(request('b'), gone.signal));
    const third = Promise.resolve(turnstile.enter(request('c'), never));
    assert.deepEqual(
      turnstile.waiting('b').map(({ limit }) => limit),
      ['steps'],
    );
    gone.abort();
    await assert.rejects(second, /given up/);
    leave();
    leave();
    await third;
    assert.equal(turnstile.waiting('c').length, 0);
    let isIn = false;
    void Promise.resolve(turnstile.enter(request('d'), never)).then(() => (isIn = true));
    await new Promise((resolve) => void setImmediate(resolve));
    assert.equal(isIn, false, 'leaving twice made no second place');
  });
});

describe('FairShare', () => {
  it('serves in proportion to the shares and passes nobody over for ever', () => {
    const shares = new FairShare();
    const weights: Record<string, number> = { big: 8, small: 1, late: 2 };
    const served: Record<string, number> = { big: 0, small: 0, late: 0 };
    for (let turn = 0; turn < 1100; turn += 1) {
      const flows = Object.keys(weights).filter((flow) => flow !== 'late' || turn >= 550);
      const next =
        flows.toSorted((one, other) => shares.turn(one, weights[one] ?? 1) - shares.turn(other, weights[other] ?? 1))[0] ?? '';
      shares.serve(next, weights[next] ?? 1);
      served[next] = (served[next] ?? 0) + 1;
    }
    assert.deepEqual(served, { big: 489 + 400, small: 61 + 50, late: 100 });
  });
});

describe('Engine turns', () => {
  it('keeps steps waiting for the rate limit of their function, says so, and lets them be paused and cancelled', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    const bodies = { w: `do: [{ one: { call: use, with: { id: '\${ .id }' } } }]` };
    const limits = { rates: { use: { limit: 1, perMs: 1000 } } };
    await using engine = await openLimited(journalDir(), { clock, steps, limits, bodies });
    const ids = ['a', 'b', 'c', 'd'];
    for (const id of ids) await engine.start({ executionId: id, workflow: 'w', projectId: 'p', input: { id }, startedBy: 'ann' });
    await settled(() => ids.slice(1).every((id) => engine.waitingTurns(id).length === 1));
    const execution = engine.read.execution('b');
    assert.ok(execution !== undefined);
    const why = explain(engine.read, execution, clock, { rest: undefined, isLoadable: true, turns: engine.waitingTurns('b') });
    assert.match(
      why.sentence,
      /step one waits for the rate limit of "use", which lets the next one through at 2026-01-01T00:00:01/,
    );
    await engine.pause('b', 'ann');
    await engine.cancel('c', { who: 'ann', reason: null });
    for (let second = 0; second < 3; second += 1) {
      clock.pass(1000);
      for (let turn = 0; turn < 10; turn += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
    }
    assert.deepEqual(steps.began, ['a', 'd']);
    await engine.resume('b', 'ann');
    await settled(() => {
      clock.pass(100);
      return engine.read.status('b') === 'completed';
    });
    assert.deepEqual(steps.began, ['a', 'd', 'b']);
  });

  it('lets only so many steps be under way, and shares the places between workflows', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    const body = `do: [{ one: { call: work, with: { id: '\${ .id }' } } }]`;
    await using engine = await openLimited(journalDir(), {
      clock,
      steps,
      limits: { steps: 2 },
      bodies: { many: body, few: body },
    });
    const ids = Array.from({ length: 30 }, (_, n) => `m${n}`);
    await Promise.all(
      ids.map((id) => engine.start({ executionId: id, workflow: 'many', projectId: 'p', input: { id }, startedBy: 'ann' })),
    );
    await engine.start({ executionId: 'f', workflow: 'few', projectId: 'p', input: { id: 'f' }, startedBy: 'ann' });
    await settled(() => engine.waitingTurns('f').length === 1);
    await settled(() => {
      steps.end();
      return [...ids, 'f'].every((id) => engine.read.status(id) === 'completed');
    });
    assert.equal(steps.most, 2);
    assert.ok(steps.began.indexOf('f') <= 4, `it was number ${steps.began.indexOf('f')}`);
  });
});

describe('parseRateLimits()', () => {
  it('reads names, hosts and spans, and refuses the rest', () => {
    assert.deepEqual(parseRateLimits('generate=2/60s, http:api.example.com=10/0.5s'), {
      generate: { limit: 2, perMs: 60_000 },
      'http:api.example.com': { limit: 10, perMs: 500 },
    });
    for (const text of ['', 'x', 'x=0/1s', 'x=1/0s', 'x=1/1m', 'x=1/1s,', 'x=-1/1s'])
      assert.throws(
        () => parseRateLimits(text),
        (error) => error instanceof PlatformError && error.code === 'INVALID_CONFIGURATION',
      );
  });
});
