import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { generationEventSchema, systemClock } from '@loopwright/protocol';
import { SERVICE_LIMITS } from '../limits.ts';
import { EventLog } from './event-log.ts';

function filled(count: number): EventLog {
  const log = new EventLog('ab12', systemClock);
  for (let number = 1; number <= count; number += 1) log.add({ event_type: 'progress', message: String(number) });
  return log;
}
const messages = ({ events }: ReturnType<EventLog['after']>): (string | null)[] => events.map(({ message }) => message);

describe('EventLog', () => {
  it('gives what is behind an event, everything to who has none of its own, and nothing to who has all', () => {
    const log = filled(4);
    assert.deepEqual(messages(log.after('ab12-2')), ['3', '4']);
    assert.deepEqual(messages(log.after('ab12-4')), []);
    for (const id of ['', 'other-3', 'ab12-x', 'ab12--1', 'ab12-1.5', '-']) assert.equal(log.after(id).events.length, 4, id);
    assert.deepEqual(messages(log.after('ab12-99')), []);
  });

  it('keeps a bounded number of events, and says how many a reader has missed', () => {
    const count = 10 * SERVICE_LIMITS.keptEvents;
    const { events, missed } = filled(count).after('ab12-3');
    assert.ok(events.length >= SERVICE_LIMITS.keptEvents && events.length <= 2 * SERVICE_LIMITS.keptEvents);
    assert.equal(missed + events.length + 3, count);
    assert.equal(events.at(-1)?.id, `ab12-${count}`);
  });

  it('cuts what is too long, drops data that is too large, and stays within the wire', () => {
    const log = new EventLog('ab12', systemClock);
    const long = 'x'.repeat(1_000_000);
    log.add({ event_type: 'progress', stage: long, progress: 7, message: long, error: long, data: { long } });
    log.add({ event_type: 'progress', progress: Number.NaN });
    for (const event of log.after('').events) generationEventSchema.parse(event);
    assert.deepEqual([log.after('').events[0]?.progress, log.after('').events[0]?.data, log.last?.progress], [1, null, null]);
  });

  it('tells its listeners of each event and of the end, after which nothing is added', () => {
    const log = filled(0);
    let told = 0;
    const stop = log.listen(() => (told += 1));
    log.add({ event_type: 'progress' });
    log.end();
    log.add({ event_type: 'progress' });
    stop();
    log.end();
    assert.deepEqual([told, log.isEnded, log.after('').events.length], [2, true, 1]);
  });
});
