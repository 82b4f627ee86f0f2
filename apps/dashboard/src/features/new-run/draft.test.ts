import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ProfileView } from '@loopwright/protocol';
import { EMPTY_DRAFT, problemsOf, requestOf } from './draft.ts';

const PROFILE: ProfileView = {
  profile: 'ml_classification',
  title: 'Classification',
  summary: null,
  version: '1.0.0',
  aliases: [],
  phases: [],
  asks_models: false,
  inputs_schema: { properties: { examples: {}, holdout: {} } },
};
const DIGEST = 'a'.repeat(64);

it('sends what was typed, and no input that the profile would refuse', () => {
  const draft = { ...EMPTY_DRAFT, name: ' Inbox ', holdout: '25', program: 'inbox', budget: '2.50' };
  assert.deepEqual(requestOf(draft, { examples: DIGEST }, PROFILE), {
    profile: 'ml_classification',
    project_id: 'default',
    mode: 'manual',
    inputs: { examples: DIGEST, holdout: 0.25 },
    project_name: 'Inbox',
    budget: { cost_usd: '2.50' },
  });
  assert.deepEqual(requestOf(draft, { examples: DIGEST }, { ...PROFILE, inputs_schema: null }).inputs, {});
});

it('names every field that cannot be sent', () => {
  const draft = { ...EMPTY_DRAFT, holdout: '100', program: 'No name', budget: '-1' };
  assert.deepEqual(Object.keys(problemsOf(draft, { project: 'a b' }, undefined)), [
    'profile',
    'project',
    'program',
    'holdout',
    'budget',
  ]);
  assert.deepEqual(problemsOf(EMPTY_DRAFT, {}, PROFILE), {});
});
