import {
  type PermissionTable,
  type User,
  errorResponseSchema,
  permissionTableSchema,
  platformRoleSchema,
  userChangeSchema,
  userListSchema,
  userSchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { OPERATIONS } from '../../authorization/permissions.ts';
import { PERMISSIONS, ROLE_PERMISSIONS } from '../../authorization/roles.ts';
import { type StoredUser, type UserRoles, noSuchUser } from '../../authorization/user-roles.ts';
import type { Identity } from '../../identity/identity.ts';
import { cutPage, pageQuery, rangeOfNames } from '../manners/pages.ts';

/** `/users`: who there is and what they may on the platform; `/permissions`: the table that decides. */
export function userRoutes({
  users,
  identity: { mode, trustedProxies },
}: {
  users: UserRoles;
  identity: Pick<Identity, 'mode' | 'trustedProxies'>;
}): FastifyPluginAsyncZod {
  // The rule of `Authenticator`: on a machine of one's own everybody may everything.
  const isOwnMachine = mode === 'development' && trustedProxies.length === 0;
  const shown = (user: StoredUser): User => ({ ...user, role: isOwnMachine ? 'admin' : user.stored_role });
  return async (api) => {
    api.get(
      '/permissions',
      {
        schema: {
          tags: ['authorization'],
          summary: 'Who may which operation',
          response: { 200: permissionTableSchema },
        },
      },
      async () => permissionTable(),
    );

    api.get(
      '/users',
      {
        schema: {
          tags: ['authorization'],
          summary: 'Users and their roles, by their names',
          querystring: pageQuery,
          response: { 200: userListSchema, 400: errorResponseSchema },
        },
      },
      async ({ query }) => {
        const [page, next_cursor] = cutPage(await users.list(rangeOfNames(query)), query.limit, (user) => [user.user_id]);
        return { users: page.map(shown), next_cursor };
      },
    );

    const one = {
      tags: ['authorization'],
      params: z.object({ user_id: z.string().min(1).max(200) }),
      response: { 200: userSchema, 400: errorResponseSchema, 404: errorResponseSchema },
    };
    api.get('/users/:user_id', { schema: { ...one, summary: 'One user' } }, async ({ params: { user_id } }) => {
      const user = await users.find(user_id);
      if (user === undefined) throw noSuchUser(user_id);
      return shown(user);
    });
    api.patch(
      '/users/:user_id',
      {
        schema: {
          ...one,
          summary: 'Change the role that is kept of a user',
          body: userChangeSchema,
          response: { ...one.response, 409: errorResponseSchema },
        },
      },
      async ({ params: { user_id }, body: { role } }) => shown(await users.change(user_id, role)),
    );
  };
}

function permissionTable(): PermissionTable {
  const operations = Object.entries(OPERATIONS).map(([operation, rule]) => {
    const isPermission = rule.need !== 'nothing' && rule.need !== 'identity';
    const on = isPermission ? rule.on : rule.need;
    return { operation, permission: isPermission ? rule.need : null, public: rule.need === 'nothing', on };
  });
  const roles = Object.fromEntries(platformRoleSchema.options.map((role) => [role, [...ROLE_PERMISSIONS[role]]]));
  return { permissions: [...PERMISSIONS], roles: roles as PermissionTable['roles'], operations };
}
