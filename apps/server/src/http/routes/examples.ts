import type { Readable } from 'node:stream';
import { PlatformError, errorResponseSchema, examplesDescriptionSchema } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AppParts } from '../app.ts';

const FORMATS: Readonly<Record<string, 'jsonl' | 'csv'>> = {
  'application/x-ndjson': 'jsonl',
  'application/jsonl': 'jsonl',
  'text/csv': 'csv',
};

/** `/examples`: labelled examples come in as a stream and are kept under their digest. */
export function exampleRoutes({ examples }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    api.addContentTypeParser(Object.keys(FORMATS), (_request, payload, done) => done(null, payload));

    api.post(
      '/examples',
      {
        // The store counts the bytes itself and stops reading at its limit.
        bodyLimit: Number.MAX_SAFE_INTEGER,
        schema: {
          tags: ['examples'],
          response: {
            201: examplesDescriptionSchema,
            400: errorResponseSchema,
            413: errorResponseSchema,
            415: errorResponseSchema,
          },
        },
      },
      async (request, reply) => {
        const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
        const format = FORMATS[type];
        if (format === undefined) {
          throw new PlatformError('UNSUPPORTED_MEDIA_TYPE', `Cannot read examples of the type "${type}"`, {
            details: { supported: Object.keys(FORMATS) },
          });
        }
        try {
          return await reply.status(201).send(await examples.put(request.body as Readable, format));
        } catch (error) {
          // What was not read stays in the connection: it cannot be used for another request.
          reply.header('connection', 'close');
          throw error;
        }
      },
    );

    const params = z.object({ digest: z.string().regex(/^[0-9a-f]{64}$/) });
    api.get(
      '/examples/:digest',
      { schema: { tags: ['examples'], params, response: { 200: examplesDescriptionSchema, 404: errorResponseSchema } } },
      async ({ params: { digest } }) => examples.describe(digest),
    );

    api.get('/examples/:digest/lines', { schema: { tags: ['examples'], params } }, async ({ params: { digest } }, reply) => {
      const lines = (await examples.read(digest)).map((example) => JSON.stringify(example)).join('\n');
      return reply.type('application/x-ndjson').send(`${lines}\n`);
    });
  };
}
