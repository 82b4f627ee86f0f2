// The defects of the source's executions, `reference/domain.md` §4.5; that cancel stops the work, and that runs of one profile stay apart, `runs/advance-run.test.ts`.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { defineFunction } from '@loopwright/engine';
import { z } from 'zod';
import { DEFINITIONS, type TestServer, executionIn, openServer, start, taskOf, untilStatus } from '../app-fixture.ts';

const NESTED = `
document: { dsl: '1.0.0', namespace: test, name: nested, version: '1.0.0' }
do:
  - epics:
      for: { each: epic, in: '\${ .epics }' }
      do:
        - plan: { call: count, with: { name: '\${ $epic.name }' } }
        - stories:
            for: { each: story, in: '\${ $epic.stories }' }
            do: [{ write: { call: count, with: { name: '\${ $epic.name + "/" + $story }' } } }]`;

/** Opens servers on one folder, one after the other, and tells what their steps did, and the keys of the steps. */
function restartable(t: TestContext): { open: () => Promise<TestServer>; done: string[]; steps: Set<string> } {
  const dir = mkdtempSync(join(tmpdir(), 'loopwright-defects-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const [done, steps] = [[] as string[], new Set<string>()];
  const count = defineFunction({
    description: 'Tells that a step was executed',
    arguments: z.strictObject({ name: z.string() }),
    run: ({ args, step }) =>
      step(async ({ idempotencyKey }) => {
        done.push(args.name);
        steps.add(idempotencyKey);
        return args.name;
      }),
  });
  const counted = `
document: { dsl: '1.0.0', namespace: test, name: counted, version: '1.0.0' }
do:
  - draft: { call: count, with: { name: draft } }
  - decide: { call: accept, with: { title: Good?, doc_type: draft, subject: null } }
  - publish: { call: count, with: { name: publish } }`;
  const definitions = { review: DEFINITIONS.review, plain: DEFINITIONS.plain, counted, nested: NESTED };
  return { done, steps, open: () => openServer({ dir, definitions, functions: { count } }) };
}

describe('the defects of the source (domain.md §4.5)', () => {
  it('a start runs the work, and a process that begins later still knows it', async (t) => {
    const { open } = restartable(t);
    const first = await open();
    const { execution_id: id } = await start(first, 'plain');
    const done = await untilStatus(first, id, 'completed');
    await first[Symbol.asyncDispose]();
    await using second = await open();
    assert.deepEqual(executionIn(await second.get(`/api/v1/executions/${id}`)), done);
  });

  it('pending_clarification has the questions, whole, after a restart too', async (t) => {
    const { open } = restartable(t);
    const first = await open();
    const { execution_id: id } = await start(first, 'review', { text: 'a draft' });
    const { pending_clarification: asked } = await untilStatus(first, id, 'waiting_clarification');
    await first[Symbol.asyncDispose]();
    await using second = await open();
    const { pending_clarification: known } = executionIn(await second.get(`/api/v1/executions/${id}`));
    assert.deepEqual(known, asked);
    const { questions } = await taskOf(second, known?.task_id ?? '');
    assert.deepEqual(
      questions?.map((question) => [question.id, question.answer_type, question.choices?.length ?? 0]),
      [
        ['TONE', 'single_choice', 2],
        ['LENGTH', 'number', 0],
        ['PUBLIC', 'yes_no', 0],
      ],
    );
  });

  it('no step is run again after an acceptance, whichever process takes it', async (t) => {
    const { open, done } = restartable(t);
    const first = await open();
    const { execution_id: id } = await start(first, 'counted');
    await untilStatus(first, id, 'waiting_acceptance');
    await first[Symbol.asyncDispose]();
    await using second = await open();
    await second.post(`/api/v1/executions/${id}/acceptance`, { accepted: true });
    await untilStatus(second, id, 'completed');
    assert.deepEqual(done, ['draft', 'publish']);
  });

  it('an iteration inside another one is executed as one, and each round has step ids of its own', async (t) => {
    const { open, done, steps } = restartable(t);
    await using server = await open();
    const epics = [
      { name: 'a', stories: ['1', '2'] },
      { name: 'b', stories: ['1'] },
    ];
    const { execution_id: id } = await start(server, 'nested', { epics });
    await untilStatus(server, id, 'completed');
    assert.deepEqual(done, ['a', 'a/1', 'a/2', 'b', 'b/1']);
    assert.equal(steps.size, 5, [...steps].join());
  });
});
