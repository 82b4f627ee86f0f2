import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ProfileView } from '@loopwright/protocol';
import { EMPTY_DRAFT, holdoutOf, problemsOf, requestOf } from './draft.ts';

const PROFILE: ProfileView = {
  profile: 'ml_classification',
  title: 'Classification',
  summary: null,
  version: '1.0.0',
  aliases: [],
  phases: [],
  asks_models: false,
  models_reason: null,
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

it('holds out what is typed, and what the server would where that cannot be sent', () => {
  const share = (holdout: string, profile = PROFILE): number => holdoutOf({ ...EMPTY_DRAFT, holdout }, profile);
  assert.deepEqual(
    ['', '35', '0.5', '0', '100', 'x'].map((text) => share(text)),
    [0.2, 0.35, 0.005, 0.2, 0.2, 0.2],
  );
  assert.equal(share('35', { ...PROFILE, inputs_schema: null }), 0.2);
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
