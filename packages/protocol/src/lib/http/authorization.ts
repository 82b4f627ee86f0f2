import { z } from 'zod';
import { nextCursorSchema } from './pages.ts';

const time = z.iso.datetime({ offset: true });
const id = z.string().min(1).max(200);

/** What people may on the platform, and in the projects where nothing else is said. */
export const platformRoleSchema = z.enum(['viewer', 'operator', 'admin']);

/** What people may in one project, instead of their role on the platform; `none` hides the project. */
export const grantRoleSchema = z.enum(['none', 'viewer', 'operator', 'admin']);

/** A user, as administrators see one. */
export const userSchema = z.object({
  user_id: z.string(),
  email: z.string().nullable(),
  name: z.string().nullable(),
  /** What they may now: with development identity and without trusted proxies everybody is an administrator, as `GET /api/v1/me` says too. */
  role: platformRoleSchema,
  /** What is kept of them, and counts for keys, sign-ins and whoever a proxy brings. */
  stored_role: platformRoleSchema,
  created_at: time,
  last_seen_at: time,
});
export type User = z.infer<typeof userSchema>;

/** `GET /api/v1/users`. */
export const userListSchema = z.object({ users: z.array(userSchema), next_cursor: nextCursorSchema });

/** `PATCH /api/v1/users/{user_id}`. */
export const userChangeSchema = z.strictObject({ role: platformRoleSchema }).meta({ examples: [{ role: 'operator' }] });

/** What one user may in one project. */
export const grantSchema = z.object({
  project_id: z.string(),
  user_id: z.string(),
  role: grantRoleSchema,
  granted_by: z.string(),
  granted_at: time,
});
export type Grant = z.infer<typeof grantSchema>;

/** `GET /api/v1/projects/{project_id}/grants`. */
export const grantListSchema = z.object({ grants: z.array(grantSchema), next_cursor: nextCursorSchema });

/** `PUT /api/v1/projects/{project_id}/grants/{user_id}`. */
export const grantRequestSchema = z.strictObject({ role: grantRoleSchema }).meta({ examples: [{ role: 'viewer' }] });

/** Names of a project and a user in a path. */
export const projectIdSchema = id;
export const grantParamsSchema = z.object({ project_id: id, user_id: id });

/** `GET /api/v1/projects`: the projects that I may see, and what I may there. */
export const projectListSchema = z.object({
  projects: z.array(z.object({ project_id: z.string(), role: platformRoleSchema })),
  next_cursor: nextCursorSchema,
});
export type ProjectList = z.infer<typeof projectListSchema>;

/** `GET /api/v1/permissions`: the table that decides about every operation. */
export const permissionTableSchema = z.object({
  permissions: z.array(z.string()),
  roles: z.record(platformRoleSchema, z.array(z.string())),
  operations: z.array(
    z.object({
      /** `METHOD /path` of the OpenAPI document; `WS /path` for a WebSocket. */
      operation: z.string(),
      /** Null for what is public or asks for an identity only. */
      permission: z.string().nullable(),
      public: z.boolean(),
      /** Where it is needed: on the platform, in any project, or in the project of an object or of a field. */
      on: z.string(),
    }),
  ),
});
export type PermissionTable = z.infer<typeof permissionTableSchema>;
