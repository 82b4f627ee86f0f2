import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { defineFunction } from '../interpreter/call-function.ts';
import { countingFunctions, journalDir, openEngine, startOne, untilStatus } from './engine-fixture.ts';

/** Tells that it begins, works, tells how it went, and asks. */
const tells = defineFunction({
  description: 'Tells what it does',
  arguments: z.strictObject({}),
  run: async ({ step, emit, ask }) => {
    await emit({ type: 'io.loopwright.work_begun', source: 'urn:test', data: { part: 1 } }, 'begun');
    const value = await step(async () => 7, 'work');
    await emit({ type: 'com.example.other', source: 'urn:test', data: value }, 'other');
    await ask({ kind: 'acceptance', title: 'Enough?', doc_type: 'work', subject: value }, 'ask');
    return value;
  },
});

describe('an event that a function emits', () => {
  it('is recorded once, over restarts too, has its own type in the log, and ends no step', async () => {
    const dir = journalDir();
    const functions = { ...countingFunctions().functions, tells };
    const bodies = { flow: '\ndo: [{ tell: { call: tells } }]' };
    const { id } = await (async () => {
      await using engine = await openEngine(dir, functions, bodies);
      const { execution } = await startOne(engine, 'flow');
      await untilStatus(engine, execution.id, 'waiting_acceptance');
      assert.deepEqual(
        engine.read
          .events(execution.id, 0, 100)
          .filter(({ type }) => type === 'step_completed')
          .map(({ data }) => data['key']),
        ['tell/work'],
      );
      return execution;
    })();
    await using engine = await openEngine(dir, functions, bodies);
    const [task] = engine.read.humanTasks({ executionId: id, state: 'open', limit: 1 });
    await engine.answer({ taskId: task?.id ?? '' }, { kind: 'acceptance', accepted: true }, { answerId: 'a', answeredBy: 'ann' });
    await untilStatus(engine, id, 'completed');
    const told = engine.read.events(id, 0, 100).filter(({ data }) => data['source'] === 'urn:test');
    assert.deepEqual(
      told.map(({ type, step, data }) => [type, step, data['type'], data['data']]),
      [
        ['work_begun', 'tell', 'io.loopwright.work_begun', { part: 1 }],
        ['event_emitted', 'tell', 'com.example.other', 7],
      ],
    );
  });

  it('is heard by other executions that listen for it', async () => {
    const functions = { ...countingFunctions().functions, tells };
    await using engine = await openEngine(journalDir(), functions, {
      flow: '\ndo: [{ tell: { call: tells } }]',
      hears: '\ndo: [{ hear: { listen: { to: { one: { with: { type: io.loopwright.work_begun } } } } } }]',
    });
    const { execution: listening } = await startOne(engine, 'hears');
    while (engine.read.listeners('io.loopwright.work_begun').length === 0) await new Promise(setImmediate);
    await startOne(engine, 'flow');
    const { output } = await untilStatus(engine, listening.id, 'completed');
    assert.deepEqual(output, [{ part: 1 }]);
  });
});
