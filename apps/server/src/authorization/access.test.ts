import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Principal, UNRESTRICTED } from '../identity/principal.ts';
import { Access, type ProjectAccess } from './access.ts';
import type { GrantRole } from './roles.ts';

const principal = (of: Partial<Principal>): Principal => ({
  ...UNRESTRICTED,
  userId: 'ann',
  email: null,
  method: 'jwt',
  role: 'viewer',
  projects: new Map(),
  credentialId: null,
  ...of,
});
const access = (of: Partial<Principal>, grants: Record<string, GrantRole> = {}, projects: ProjectAccess = 'open'): Access =>
  new Access(principal(of), new Map(Object.entries(grants)), projects);

describe('Access', () => {
  it('counts a stored grant, else what the credential says of the project, else the role on the platform', () => {
    const ann = access(
      {
        role: 'operator',
        projects: new Map([
          ['token', 'admin'],
          ['both', 'admin'],
        ]),
      },
      { both: 'viewer', hidden: 'none' },
    );
    const roles = ['token', 'both', 'hidden', 'any'].map((project) => ann.roleOn(project));
    assert.deepEqual(roles, ['admin', 'viewer', 'none', 'operator']);
    assert.deepEqual(ann.scope('executions:write'), { except: ['both', 'hidden'] });
    assert.deepEqual(ann.scope('executions:read'), { except: ['hidden'] });
    assert.deepEqual(ann.scope('projects:admin'), { only: ['token'] });
    assert.deepEqual([ann.sees('hidden'), ann.sees('both'), ann.mayIn('both', 'executions:write')], [false, true, false]);
  });

  it('shows only granted projects where that is asked for, but for administrators', () => {
    const ann = access({ role: 'operator' }, { mine: 'viewer' }, 'granted');
    assert.deepEqual(ann.scope('executions:read'), { only: ['mine'] });
    assert.deepEqual([ann.sees('any'), ann.mayIn('mine', 'executions:write')], [false, false]);
    assert.equal(ann.mayOnPlatform('workflows:read'), true);
    assert.deepEqual(access({ role: 'admin' }, { mine: 'viewer' }, 'granted').scope('executions:read'), { except: [] });
  });

  it('lets scopes, a role and projects of a credential cap everything, grants included', () => {
    const scoped = access({ role: 'admin', scopes: ['executions:read'] }, { mine: 'admin' });
    assert.deepEqual([scoped.mayIn('mine', 'executions:read'), scoped.mayIn('mine', 'tasks:decide')], [true, false]);
    assert.deepEqual([scoped.mayOnPlatform('users:admin'), scoped.mayAnywhere('tasks:decide')], [false, false]);
    assert.deepEqual(scoped.scope('tasks:decide'), { only: [] });
    const capped = access({ role: 'admin', roleCap: 'viewer' }, { mine: 'admin', hidden: 'none' });
    assert.deepEqual(
      [capped.platformRole, capped.roleOn('mine'), capped.roleOn('hidden'), capped.roleOn('any')],
      ['viewer', 'viewer', 'none', 'viewer'],
    );
    assert.deepEqual([capped.scope('executions:write'), capped.mayIn('mine', 'projects:admin')], [{ only: [] }, false]);
    const confined = access({ role: 'admin', onlyProjects: new Set(['mine', 'hidden']) }, { hidden: 'none', other: 'admin' });
    assert.deepEqual([confined.scope('executions:read'), confined.sees('other')], [{ only: ['mine'] }, false]);
    assert.deepEqual([confined.mayOnPlatform('users:admin'), confined.mayIn('other', 'projects:admin')], [false, false]);
  });

  it('lets an administrator of the platform give grants in a project that is closed to everybody', () => {
    const admin = access({ role: 'admin' }, { closed: 'none' });
    assert.deepEqual([admin.sees('closed'), admin.mayIn('closed', 'projects:admin')], [false, true]);
    assert.equal(access({ role: 'operator' }, { closed: 'none' }).mayIn('closed', 'projects:admin'), false);
  });
});
