import { auditKindSchema, auditListSchema, auditVerificationSchema, errorResponseSchema } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { auditView, listAudit, verifyAudit } from '../../audit/read-audit.ts';
import type { ServerDatabase } from '../../database/server-database.ts';
import { cursorOf, cursorSchema, numberPlace, placeOf } from '../manners/pages.ts';

const text = z.string().min(1).max(500).optional();
const time = z.iso.datetime({ offset: true }).optional();

/** `/audit`: who did what. Administrators see all of it, others what concerns the projects that they may see. */
export function auditRoutes({ database }: { database: ServerDatabase }): FastifyPluginAsyncZod {
  return async (api) => {
    api.get(
      '/audit',
      {
        schema: {
          tags: ['audit'],
          summary: 'Who changed or decided what, the newest first',
          querystring: z.object({
            user_id: text,
            operation: text,
            object_kind: text,
            object_id: text,
            about: text.describe('Id of an object: what was done to it, and that a run or an execution of this id was made'),
            project_id: text,
            request_id: text,
            kind: auditKindSchema.optional(),
            from: time,
            before: time,
            cursor: cursorSchema,
            limit: z.coerce.number().int().min(1).max(500).default(100),
          }),
          response: { 200: auditListSchema, 400: errorResponseSchema },
        },
      },
      async ({ access, query: { about, from, before, cursor, limit, ...equal } }) => {
        const isAll = access.mayOnPlatform('audit:read') && access.platformRole === 'admin';
        const rows = await listAudit(database, {
          equal: Object.fromEntries(Object.entries(equal).filter(([, value]) => value !== undefined)),
          about,
          from: from === undefined ? undefined : Date.parse(from),
          before: before === undefined ? undefined : Date.parse(before),
          projects: isAll ? undefined : access.scope('audit:read'),
          beforeSeq: cursor === undefined ? undefined : placeOf(cursor, numberPlace)[0],
          limit: limit + 1,
        });
        const page = rows.slice(0, limit);
        const next = rows.length > limit ? page.at(-1) : undefined;
        return {
          entries: page.map((row) => auditView(row, { withOrigin: isAll })),
          next_cursor: cursorOf(next === undefined ? null : [next.seq]),
        };
      },
    );

    api.get(
      '/audit/verify',
      {
        schema: {
          tags: ['audit'],
          summary: 'Whether the audit log is whole and unchanged',
          response: { 200: auditVerificationSchema },
        },
      },
      async () => verifyAudit(database),
    );
  };
}
