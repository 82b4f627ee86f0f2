import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom, systemClock } from '@loopwright/protocol';
import { Engine } from '../embedded/engine.ts';
import { countingFunctions, journalDir, openEngine, startOne, until } from '../embedded/engine-fixture.ts';
import type { Why } from './why.ts';

const whyOf = (engine: Engine, id: string): Why => {
  const execution = engine.read.execution(id);
  assert.ok(execution);
  return engine.operations.why(execution);
};

describe('explain', () => {
  it('has the same fields in every state, and says what is waited for', async () => {
    const { functions } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      timer: 'do: [{ nap: { wait: { hours: 1 } } }]',
      heard: 'do: [{ hear: { listen: { to: { all: [{ with: { type: a } }, { with: { type: b } }] } } } }]',
      tries: `do: [{ guarded: { try: [{ risky: { call: fail, with: { id: r, times: 9 } } }], catch: { retry: { delay: { hours: 1 } } } } }]`,
      hang: 'do: [{ work: { call: hang, with: { id: h } } }]',
    });
    const began = async (workflow: string, step: string): Promise<Why> => {
      const { execution } = await startOne(engine, workflow);
      await until(engine, execution.id, ({ id, currentStep }) => currentStep === step && engine.read.journal(id).length > 0);
      return whyOf(engine, execution.id);
    };
    const timer = await began('timer', 'nap');
    assert.deepEqual(Object.keys(timer).sort(), ['next_wakeup', 'sentence', 'since', 'state', 'unblock', 'waiting_for']);
    assert.deepEqual(timer.waiting_for, [{ kind: 'timer', step_id: 'nap', due_at: timer.next_wakeup }]);
    const heard = await began('heard', 'hear');
    assert.equal(heard.next_wakeup, null);
    assert.match(heard.sentence, /^It listens for events of all of a, b \(step hear\), 0 taken so far\.$/);
    assert.equal(heard.unblock, 'POST /api/v1/events with type "a" or "b"');
    const tried = await began('tries', 'guarded');
    const [retry] = tried.waiting_for;
    assert.deepEqual(retry, { kind: 'retry', step_id: 'guarded', attempt: 1, error: 'failed 1', due_at: tried.next_wakeup });
    assert.match(tried.sentence, /^Try 1 of guarded failed, the next one is due at .*: failed 1\.$/);
    assert.equal((await began('hang', 'work')).sentence, 'It is running the step work.');
  });

  it('says what is left of a timer while it is paused', async () => {
    const { functions } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, { timer: 'do: [{ nap: { wait: { hours: 1 } } }]' });
    const { execution } = await startOne(engine, 'timer');
    await until(engine, execution.id, ({ currentStep }) => currentStep === 'nap');
    await engine.pause(execution.id, 'ann');
    const { next_wakeup: wakeUp, unblock, sentence } = whyOf(engine, execution.id);
    assert.deepEqual([wakeUp, unblock], [null, `POST /api/v1/executions/${execution.id}/resume`]);
    assert.match(sentence, /^It is paused .* Its next timer then has 3[56]\d\d s left\.$/);
    assert.deepEqual(
      engine.operations.stuck(0).map(({ id }) => id),
      [execution.id],
    );
    assert.deepEqual(engine.operations.stuck(60_000), []);
  });

  it('names a definition that this program cannot run, and lists the execution as stuck', async () => {
    const { functions } = countingFunctions();
    const dir = journalDir();
    let id = '';
    {
      await using engine = await openEngine(dir, functions, {
        flow: 'do: [{ ask: { call: accept, with: { title: t, doc_type: d, subject: null } } }, { last: { call: note, with: { id: n } } }]',
      });
      ({ id } = (await startOne(engine, 'flow')).execution);
      await until(engine, id, ({ status }) => status === 'waiting_acceptance');
    }
    await using engine = new Engine({ dir, durability: 'process', clock: systemClock, random: seededRandom(1), functions: {} });
    const {
      waiting_for: [missing],
      sentence,
      unblock,
    } = whyOf(engine, id);
    assert.deepEqual(missing, { kind: 'definition', digest: engine.read.execution(id)?.definitionDigest });
    assert.match(sentence, /does not fit this program/);
    assert.match(unblock ?? '', /\/move .*\/cancel$/);
    assert.deepEqual(
      engine.operations.stuck(0).map((execution) => execution.id),
      [id],
    );
  });
});
