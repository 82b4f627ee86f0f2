import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Clock } from '@loopwright/protocol';
import { moduleView } from '../module-view.ts';
import { supervise, until } from '../supervisor-fixture.ts';
import { BUCKET_MS, KEPT_BUCKETS, ModuleFigures } from './module-figures.ts';
import { DEFAULT_ALERTS, DEFAULT_SLA, judgeSla } from './judge.ts';
import { type AlertChange, SlaWatch } from './sla-watch.ts';
import { alertTeller } from './tell-alerts.ts';

/** A clock that stands but for the test, with one timer. */
function stoppedClock(): Clock & { advance(ms: number): void } {
  let [now, due, run] = [BUCKET_MS * 1000, Number.POSITIVE_INFINITY, (): void => undefined];
  return {
    now: () => now,
    schedule: (ms, then) => {
      [due, run] = [now + ms, then];
      return () => (due = Number.POSITIVE_INFINITY);
    },
    advance: (ms) => {
      const end = now + ms;
      while (due <= end) {
        now = due;
        due = Number.POSITIVE_INFINITY;
        run();
      }
      now = end;
    },
  };
}

const answered = (figures: ModuleFigures, count: number, tookMs = 10): void => {
  for (let index = 0; index < count; index += 1) figures.add('answered', { tookMs, backlog: 1 });
};

describe('ModuleFigures', () => {
  it('counts the last hour by the minute, and the time in which the module served and should have', () => {
    const clock = stoppedClock();
    const figures = new ModuleFigures(clock);
    figures.stand(true);
    answered(figures, 3, 40);
    figures.add('lost', { tookMs: 1, backlog: 7 });
    clock.advance(90_000);
    figures.stand(false);
    clock.advance(30_000);
    figures.stand(undefined);
    clock.advance(60_000);
    const { from: _from, ...sum } = { from: 0, ...figures.last(300_000) };
    assert.deepEqual(
      [sum.requests, sum.failed, sum.lost, sum.latencyMs, sum.backlog, sum.upMs, sum.wantedMs],
      [4, 0, 1, 120, 7, 90_000, 120_000],
    );
    assert.equal(figures.last(60_000).requests, 0);
    clock.advance(KEPT_BUCKETS * BUCKET_MS);
    assert.equal(figures.last(KEPT_BUCKETS * BUCKET_MS).requests, 0);
  });
});

describe('judgeSla()', () => {
  it('has the defaults of the source, and says nothing of what was not measured', () => {
    assert.deepEqual(DEFAULT_SLA, {
      availabilityPercent: 99.9,
      latencyMs: 100,
      errorPercent: 1,
      throughputPerSecond: null,
      windowMs: 3_600_000,
    });
    const figures = { requests: 0, failed: 0, lost: 0, latencyMs: 0, backlog: 0, upMs: 0, wantedMs: 0 };
    assert.deepEqual(judgeSla(figures, DEFAULT_SLA), { availability: null, latency: null, errors: null, throughput: null });
    const measured = { ...figures, requests: 1000, failed: 11, latencyMs: 989 * 101, upMs: 999, wantedMs: 1000 };
    assert.deepEqual(judgeSla(measured, { ...DEFAULT_SLA, throughputPerSecond: 0.2 }), {
      availability: true,
      latency: false,
      errors: false,
      throughput: true,
    });
  });
});

describe('SlaWatch', () => {
  it('raises each of the six alerts once, and clears it when a span was well', () => {
    const clock = stoppedClock();
    const told: string[] = [];
    const watch = new SlaWatch(clock, {
      config: () => ({}),
      onAlert: ({ kind, type }: AlertChange) => told.push(`${kind} ${type}`),
    });
    const { figures } = watch;
    const spell = (work: () => void): string[] => {
      work();
      clock.advance(DEFAULT_ALERTS.everyMs);
      return told.splice(0).toSorted();
    };
    watch.start();
    watch.start();
    figures.stand(true);
    assert.deepEqual(
      spell(() => answered(figures, 200, 500)),
      [],
    );
    assert.deepEqual(
      spell(() => answered(figures, 99, 501)),
      ['raised HighLatency', 'raised LowThroughput'],
    );
    assert.deepEqual(
      spell(() => answered(figures, 190)),
      ['cleared HighLatency', 'cleared LowThroughput'],
    );
    const badly = (): void => {
      answered(figures, 180);
      for (let index = 0; index < 10; index += 1) figures.add('failed', { tookMs: 1, backlog: 101 });
      figures.add('lost', { tookMs: 1, backlog: 1 });
      figures.stand(false);
      clock.advance(20_000);
      figures.stand(true);
    };
    const raised = ['raised ConnectionFailure', 'raised HighErrorRate', 'raised LowAvailability', 'raised QueueBacklog'];
    assert.deepEqual(spell(badly), raised);
    assert.deepEqual(watch.alerts.find(({ type }) => type === 'QueueBacklog')?.value, 101);
    assert.deepEqual(spell(badly), []);
    assert.deepEqual(
      spell(() => answered(figures, 150)),
      raised.map((text) => text.replace('raised', 'cleared')),
    );
    watch.stop();
    assert.deepEqual(spell(badly), []);
  });
});

describe('a module that does not keep what is promised', () => {
  it('shows it in its state, its log and an event', async () => {
    const notices: { type: string; data: object }[] = [];
    const onAlert = alertTeller({
      announce: async ({ type, data }) => void notices.push({ type, data }),
      clock: { now: () => 0, schedule: () => () => undefined },
      onTrouble: () => assert.fail('it was told'),
    });
    await using run = supervise('', {}, { promises: { sla: { latencyMs: 0.000001 } } }, { onAlert });
    await run.running();
    for (const path of ['/well', '/soon', '/no-base64']) await run.ask(path).catch(() => undefined);
    const [module] = run.supervisor.modules;
    assert.ok(module !== undefined);
    module.sla.look();
    const { sla, alerts } = moduleView(module);
    assert.deepEqual([sla.requests, sla.kept], [3, { availability: true, latency: false, errors: false, throughput: null }]);
    assert.deepEqual(
      alerts.map(({ type, value, threshold }) => [type, value, threshold]),
      [['ConnectionFailure', 1, 0]],
    );
    await until('the event', () => notices.length === 1);
    assert.deepEqual(notices[0], {
      type: 'module_alert_raised',
      data: {
        module: 'child',
        alert: 'ConnectionFailure',
        value: 1,
        threshold: 0,
        since: alerts[0]?.since,
      },
    });
    assert.ok(
      run.logs.some(({ source, text }) => source === 'supervisor' && text === 'ConnectionFailure: 1, where 0 is the limit'),
    );
  });
});
