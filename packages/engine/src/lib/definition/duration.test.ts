import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { nextDue } from '../schedule/stored-schedule.ts';
import { durationSchema, endOf, lengthOf, times } from './duration.ts';

const end = (text: string, from: string): string => new Date(endOf(durationSchema.parse(text), Date.parse(from))).toISOString();

describe('a duration', () => {
  it('counts years and months in the calendar of UTC, and what is shorter behind them', () => {
    for (const [text, from, expected] of [
      ['P1M', '2026-01-31T12:00:00.000Z', '2026-02-28T12:00:00.000Z'],
      ['P1M', '2028-01-31T00:00:00.000Z', '2028-02-29T00:00:00.000Z'],
      ['P1Y', '2028-02-29T00:00:00.000Z', '2029-02-28T00:00:00.000Z'],
      ['P1Y2M', '2026-12-31T23:59:59.999Z', '2028-02-29T23:59:59.999Z'],
      ['P1M1DT1H', '2026-01-31T00:00:00.000Z', '2026-03-01T01:00:00.000Z'],
      ['P2W', '2026-02-20T00:00:00.000Z', '2026-03-06T00:00:00.000Z'],
      ['P1.5Y', '2026-03-31T00:00:00.000Z', '2027-09-30T00:00:00.000Z'],
      ['P0.5M', '2026-02-01T00:00:00.000Z', '2026-02-15T00:00:00.000Z'],
      ['PT1M', '2026-01-31T00:00:00.000Z', '2026-01-31T00:01:00.000Z'],
    ] as const)
      assert.equal(end(text, from), expected, `${text} from ${from}`);
  });

  it('does not get shorter with more months, and ends on the day it began on or the last of a shorter month', () => {
    const begins = fc.date({ min: new Date('1970-01-01'), max: new Date('2500-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(begins, fc.nat(1200), (begin, months) => {
        const from = begin.getTime();
        const at = endOf({ months, ms: 0 }, from);
        const ended = new Date(at);
        const lastDay = new Date(Date.UTC(ended.getUTCFullYear(), ended.getUTCMonth() + 1, 0)).getUTCDate();
        assert.equal(ended.getUTCDate(), Math.min(begin.getUTCDate(), lastDay));
        assert.equal((ended.getUTCFullYear() - begin.getUTCFullYear()) * 12 + ended.getUTCMonth() - begin.getUTCMonth(), months);
        assert.ok(endOf({ months: months + 0.5, ms: 0 }, from) > at && endOf({ months: months + 1, ms: 0 }, from) > at);
      }),
    );
  });

  it('is refused when it is none, and when no date could hold its end', () => {
    for (const text of ['P', 'PT', 'P1', 'P-1D', 'P1S', 'PT1Y', 'P10001Y', 'P99999999999W', '1 day']) {
      assert.equal(durationSchema.safeParse(text).success, false, text);
    }
    assert.equal(durationSchema.safeParse({ days: 1e9 }).success, false);
    assert.ok(Number.isFinite(lengthOf(times(durationSchema.parse('P10000Y'), 2 ** 1000))(0)));
  });
});

describe('a schedule of months', () => {
  const at = (day: string): number => Date.parse(`${day}T00:00:00.000Z`);
  const schedule = { kind: 'every', interval: durationSchema.parse('P1M') } as const;
  const next = (due: string, now: string, createdAt: string): string =>
    new Date(nextDue(schedule, { due: at(due), now: at(now), createdAt: at(createdAt) }) ?? 0).toISOString().slice(0, 10);

  it('comes back to its day after a shorter month, and leaves out what was missed', () => {
    assert.equal(next('2026-02-28', '2026-02-28', '2025-12-31'), '2026-03-31');
    assert.equal(next('2026-02-28', '2026-06-30', '2025-12-31'), '2026-07-31');
  });

  it('counts from where a pause ended', () => {
    assert.equal(next('2026-02-10', '2026-02-10', '2025-12-31'), '2026-03-10');
  });
});
