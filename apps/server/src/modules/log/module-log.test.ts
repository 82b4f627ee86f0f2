import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock } from '@loopwright/protocol';
import { ModuleLog } from './module-log.ts';

describe('ModuleLog', () => {
  it('keeps the newest lines and says how many are missing', () => {
    const log = new ModuleLog(systemClock);
    const add = (text: string): void => log.add({ source: 'stderr', level: 'info', text });
    assert.deepEqual(
      [log.newest(10), log.after(0, 10)],
      [
        { entries: [], missed: 0 },
        { entries: [], missed: 0 },
      ],
    );
    for (let count = 1; count <= 2500; count += 1) add(`line ${count}`);
    const texts = ({ entries }: ReturnType<ModuleLog['after']>): string[] => entries.map(({ text }) => text);
    assert.deepEqual(texts(log.newest(2)), ['line 2499', 'line 2500']);
    const after = log.after(100, 2);
    assert.deepEqual([texts(after), after.missed], [['line 501', 'line 502'], 400]);
    assert.deepEqual(
      log.after(2499, 5).entries.map(({ seq }) => seq),
      [2500],
    );
    assert.deepEqual([log.after(2500, 5).entries, log.last], [[], 2500]);
    for (let count = 0; count < 5; count += 1) add('x'.repeat(400_000));
    assert.deepEqual([log.newest(500).entries.length, log.newest(500).missed], [2, 2503]);
  });
});
