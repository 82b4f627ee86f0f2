import assert from 'node:assert/strict';
import { it } from 'node:test';
import { heldUpText } from './held-up-text.ts';

const run = { run_id: 'r', project_name: 'Support router', profile: 'review', current_phase: 'data' };
const workflow_id = 'review';
const held = { executions: 1, phases: [] as string[], priority: 5, is_paused: false };

it('says what waits in one sentence', () => {
  const of = (more: Partial<typeof held>, around: typeof run | null = run): string =>
    heldUpText({ workflow_id, run: around, holds_up: { ...held, ...more } });
  assert.equal(of({}, null), 'review waits');
  assert.equal(of({ executions: 2 }, null), 'review and 1 execution that runs it wait');
  assert.equal(of({ executions: 3 }, null), 'review and 2 executions that run it wait');
  assert.equal(of({}), 'Support router waits, in its last phase');
  assert.equal(of({ phases: ['qa'] }), 'Support router waits, with Quality Assurance to come');
  assert.equal(
    of({ executions: 2, phases: ['qa', 'documentation'], is_paused: true }),
    'Support router waits, with 2 phases to come; it is paused, so an answer lets nothing go on yet',
  );
});
