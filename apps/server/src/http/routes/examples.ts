import type { Readable } from 'node:stream';
import { PlatformError, errorResponseSchema, examplesDescriptionSchema } from '@loopwright/protocol';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ExampleFormat } from '../../examples/read-examples.ts';
import type { AppParts } from '../app.ts';

const FORMATS: Readonly<Record<string, ExampleFormat>> = {
  'application/x-ndjson': 'jsonl',
  'application/jsonl': 'jsonl',
  'text/csv': 'csv',
};

/** `/examples`: labelled examples come in as a stream and are kept under their digest. */
export function exampleRoutes({ examples }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    // No other body is read: the limit of this route is the store's, which counts the bytes as they come.
    api.removeAllContentTypeParsers();
    api.addContentTypeParser(Object.keys(FORMATS), (_request, payload, done) => done(null, payload));

    api.post(
      '/examples',
      {
        bodyLimit: Number.MAX_SAFE_INTEGER,
        onRequest: async (request) => void formatOf(request),
        // What was not read stays in the connection: it cannot be used for another request.
        onError: async (_request, reply) => void reply.header('connection', 'close'),
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
        const summary = await examples.put(request.body as Readable, formatOf(request));
        return reply.status(201).send(summary);
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

function formatOf({ headers }: FastifyRequest): ExampleFormat {
  const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const format = FORMATS[type];
  if (format !== undefined) return format;
  throw new PlatformError('UNSUPPORTED_MEDIA_TYPE', `Cannot read examples of the type "${type}"`, {
    details: { supported: Object.keys(FORMATS) },
  });
}
