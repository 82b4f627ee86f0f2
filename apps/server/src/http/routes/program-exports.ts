import { Readable } from 'node:stream';
import {
  EXPORT_TYPES,
  type ExportKind,
  errorResponseSchema,
  executionQueryRequestSchema,
  executionQueryResponseSchema,
  exportFileName,
  exportKindSchema,
  exportQuerySchema,
  programNameSchema,
} from '@loopwright/protocol';
import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AppParts } from '../app.ts';

const SUMMARIES: Readonly<Record<ExportKind, string>> = {
  executions: 'Every recorded execution of some days, or of all, with its input and output, as a CSV or Parquet file',
  analytics: 'The figures of each day as a CSV or Parquet file',
};
const REFUSED = { 400: errorResponseSchema, 404: errorResponseSchema, 422: errorResponseSchema, 503: errorResponseSchema };
const FILE = {
  200: {
    description: 'The file, which is not kept: asked for again, it is made again',
    content: { 'text/csv': { schema: z.string() }, 'application/vnd.apache.parquet': { schema: z.string() } },
  },
  ...REFUSED,
};

/** `/programs/{name}/executions/export` and `…/analytics/export`: what the edge makes, handed on as it comes; and `…/executions/query`: questions about it. */
export function programExportRoutes({ programs }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    api.post(
      '/programs/:name/executions/query',
      {
        schema: {
          tags: ['programs'],
          summary: 'Ask one SELECT of the recorded executions of some days, or of all; up to 10,000 rows within 30 seconds',
          params: z.object({ name: programNameSchema }),
          body: executionQueryRequestSchema,
          response: { 200: executionQueryResponseSchema, ...REFUSED },
        },
      },
      async ({ params: { name }, body }) => programs.query(name, body),
    );

    for (const kind of exportKindSchema.options)
      api.get(
        `/programs/:name/${kind}/export`,
        {
          schema: {
            tags: ['programs'],
            summary: SUMMARIES[kind],
            params: z.object({ name: programNameSchema }),
            querystring: exportQuerySchema,
            response: FILE,
          },
        },
        async (request, reply) => {
          const { params, query, method } = request;
          const gone = new AbortController();
          reply.raw.once('close', () => gone.abort());
          await programs.versions(params.name);
          // Nothing is made for who only wants to know whether it is there.
          const body =
            method === 'HEAD' ? Readable.from([]) : await programs.export(params.name, { kind, ...query }, gone.signal);
          return answerExport(reply, body, { type: EXPORT_TYPES[query.format], name: exportFileName(params.name, kind, query) });
        },
      );
  };
}

function answerExport(reply: FastifyReply, body: Readable, { type, name }: { type: string; name: string }): FastifyReply {
  return reply
    .type(type)
    .header('cache-control', 'no-store')
    .header('content-disposition', `attachment; filename="${name}"`)
    .send(body);
}
