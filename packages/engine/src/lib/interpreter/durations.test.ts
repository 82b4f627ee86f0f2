import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countingFunctions, journalDir, openEngine, startOne, untilStatus } from '../embedded/engine-fixture.ts';

describe('durations that expressions give', () => {
  it('time waits, tries and time-outs', async () => {
    const { functions, runs } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      waits: `do: [{ nap: { wait: '\${ .nap }' } }, { again: { wait: '\${ { milliseconds: .more } }' } }]`,
      tries: `
use: { retries: { soon: { delay: '\${ .delay }', limit: { attempt: { count: 3 }, duration: '\${ .all }' } } } }
do:
  - guarded: { try: [{ f: { call: fail, with: { id: f, times: 2 } } }], catch: { retry: soon } }`,
      hangs: `do: [{ slow: { call: hang, with: { id: h }, timeout: { after: '\${ .after }' } } }]`,
    });
    const { execution: waits } = await startOne(engine, 'waits', { nap: 'PT0.02S', more: 5 });
    await untilStatus(engine, waits.id, 'completed');
    const started = engine.read.events(waits.id, 0, 100).filter(({ type }) => type === 'timer_started');
    assert.deepEqual(
      started.map(({ at, data: { due_at: due } }) => (typeof due === 'string' ? Date.parse(due) - at : due)),
      [20, 5],
    );
    const { execution: tries } = await startOne(engine, 'tries', { delay: { milliseconds: 1 }, all: 'PT1M' });
    await untilStatus(engine, tries.id, 'completed');
    assert.equal(runs.get('f'), 3);
    const { execution: hangs } = await startOne(engine, 'hangs', { after: 'PT0.03S' });
    const { error } = await untilStatus(engine, hangs.id, 'failed');
    assert.equal((error as { title: string }).title, 'STEP_TIMEOUT');
  });

  it('end the task with an expression error when they give something else', async () => {
    await using engine = await openEngine(journalDir(), {}, { waits: `do: [{ nap: { wait: '\${ .nap }' } }]` });
    for (const nap of ['soon', 5, null, { weeks: 1 }]) {
      const { execution } = await startOne(engine, 'waits', { nap });
      const { error } = await untilStatus(engine, execution.id, 'failed');
      assert.match(JSON.stringify(error), /errors\/expression.*as a duration/);
    }
  });
});
