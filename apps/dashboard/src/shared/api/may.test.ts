import assert from 'node:assert/strict';
import { it } from 'node:test';
import { may } from './may.ts';

const ROLES = {
  viewer: ['tasks:read'],
  operator: ['tasks:read', 'tasks:decide'],
  admin: ['tasks:read', 'tasks:decide', 'users:admin'],
};
const ME = {
  role: 'viewer',
  grants: [{ project_id: 'mine', role: 'operator' }],
  role_cap: null,
  scopes: null,
  projects: null,
} as const;
const decide = (me: Parameters<typeof may>[0], projectId?: string): boolean =>
  may(me, ROLES, { permission: 'tasks:decide', projectId });

it('a grant counts in its project, the role everywhere else', () => {
  assert.deepEqual(
    [decide({ ...ME, grants: [...ME.grants] }, 'mine'), decide({ ...ME, grants: [...ME.grants] }, 'other')],
    [true, false],
  );
});

it('what the credential is restricted to caps it', () => {
  const admin = { ...ME, grants: [], role: 'admin' } as const;
  assert.equal(decide({ ...admin, grants: [], projects: ['mine'] }, 'other'), false);
  assert.equal(decide({ ...admin, grants: [], scopes: ['tasks:read'] }, 'mine'), false);
  assert.equal(decide({ ...admin, grants: [], role_cap: 'viewer' }, 'mine'), false);
  assert.equal(decide({ ...admin, grants: [] }, 'mine'), true);
});
