import assert from 'node:assert/strict';
import { it } from 'node:test';
import { mayDecide } from './who-decides.ts';

type Who = Parameters<typeof mayDecide>[0];
const as = (user_id: string, ...permissions: string[]): Who => ({
  me: { user_id } as Who['me'],
  can: (permission) => permissions.includes(permission),
});
const operator = as('ann', 'tasks:decide');
const admin = as('ada', 'tasks:decide', 'projects:admin');

it('whoever may decide takes what is for nobody in particular, or for them', () => {
  for (const assignee of [null, { user: 'ann' }, { role: 'operator' as const }])
    assert.deepEqual(mayDecide(operator, { for: assignee }, 'p'), { reason: undefined, insteadOf: undefined });
});

it('the others are told whom it is for', () => {
  assert.match(mayDecide(as('eve'), { for: null }, 'p').reason ?? '', /lets you look/);
  assert.equal(mayDecide(operator, { for: { user: 'bob' } }, 'p').reason, 'It is for bob');
  assert.match(mayDecide(operator, { for: { role: 'admin' } }, 'p').reason ?? '', /administrators/);
});

it('an administrator decides instead of a user, and has to say why', () => {
  assert.deepEqual(mayDecide(admin, { for: { user: 'bob' } }, 'p'), { reason: undefined, insteadOf: 'bob' });
  assert.equal(mayDecide(admin, { for: { role: 'admin' } }, 'p').reason, undefined);
});
