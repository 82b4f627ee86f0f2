import assert from 'node:assert/strict';
import { it } from 'node:test';
import { heldUpText } from './held-up-text.ts';

const run = { run_id: 'r', project_name: 'Support router', profile: 'review', current_phase: 'data' };
const held = { executions: 1, phases: [] as string[], priority: 5, is_paused: false };

it('says what waits in one sentence', () => {
  assert.equal(heldUpText({ run: null, holds_up: held }), '1 execution waits');
  assert.equal(heldUpText({ run: null, holds_up: { ...held, executions: 3 } }), '3 executions wait');
  assert.equal(heldUpText({ run, holds_up: held }), 'Support router waits, in its last phase');
  assert.equal(
    heldUpText({ run, holds_up: { ...held, phases: ['qa'] } }),
    'Support router waits, with Quality Assurance to come',
  );
  assert.equal(
    heldUpText({ run, holds_up: { ...held, executions: 2, phases: ['qa', 'documentation'], is_paused: true } }),
    'Support router and 1 execution in it wait, with 2 phases to come; it is paused, so an answer lets nothing go on yet',
  );
});
