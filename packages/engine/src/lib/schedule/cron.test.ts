import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nextCronTime } from './cron.ts';

const next = (expression: string, after: string): string => new Date(nextCronTime(expression, Date.parse(after))).toISOString();

describe('nextCronTime()', () => {
  it('gives the next time in UTC, never the time itself', () => {
    assert.equal(next('0 0 * * *', '2026-01-01T00:00:00.000Z'), '2026-01-02T00:00:00.000Z');
    assert.equal(next('*/15 9-17 * * 1-5', '2026-01-02T17:50:00.001Z'), '2026-01-05T09:00:00.000Z');
    assert.equal(next('0 12 29 2 *', '2026-01-01T00:00:00Z'), '2028-02-29T12:00:00.000Z');
    assert.equal(next('0 0 13 * 5', '2026-01-01T00:00:00Z'), '2026-01-02T00:00:00.000Z');
  });

  it('reads the fields in the zone that it names, over the change of the clocks too', () => {
    assert.equal(next('CRON_TZ=Europe/Berlin 30 8 * * *', '2026-03-28T12:00:00Z'), '2026-03-29T06:30:00.000Z');
    assert.equal(next('CRON_TZ=Europe/Berlin 30 8 * * *', '2026-03-27T12:00:00Z'), '2026-03-28T07:30:00.000Z');
  });

  it('refuses what is no expression of five fields or never comes', () => {
    const wrong = [
      '',
      '* * * *',
      '* * * * * *',
      '60 * * * *',
      '? * * * *',
      '0 0 30 2 *',
      'CRON_TZ=Nowhere/City 0 0 * * *',
      '@reboot',
    ];
    for (const expression of wrong) assert.throws(() => nextCronTime(expression, 0), Error, expression);
  });
});
