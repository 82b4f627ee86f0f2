import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock } from '@loopwright/protocol';
import { journalDir, openEngine, startOne, until } from '../embedded/engine-fixture.ts';
import { explain } from './why.ts';

describe('explain', () => {
  it('names the events that an execution waits for', async () => {
    const body = 'do: [hear: { listen: { to: { any: [{ with: { type: paid } }, { with: { type: refused } }] } } }]';
    await using engine = await openEngine(journalDir(), {}, { hears: body });
    const { execution } = await startOne(engine, 'hears');
    await until(engine, execution.id, () => engine.read.entry(execution.id, 'hear') !== undefined);
    const why = explain(engine.read, engine.read.execution(execution.id) ?? execution, systemClock);
    assert.deepEqual(
      why.waiting_for.map(({ kind, step_id, types }) => ({ kind, step_id, types })),
      [{ kind: 'event', step_id: 'hear', types: ['paid', 'refused'] }],
    );
    assert.match(why.sentence, /^It waits for \d+ s for an event \(paid, refused; step hear\)\.$/);
    assert.match(why.unblock ?? '', /^POST \/api\/v1\/events /);
  });
});
