import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { DEFAULT_PROJECT, digestOf } from '@loopwright/engine';
import {
  type Clock,
  PlatformError,
  errorResponseSchema,
  exampleFactsSchema,
  examplesDescriptionSchema,
  projectIdSchema,
} from '@loopwright/protocol';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ExampleSummary } from '../../examples/example-store.ts';
import type { ExampleFormat } from '../../examples/read-examples.ts';
import { FactsOfExamples } from '../../profiles/classification/analysis/facts-of-examples.ts';
import type { AppParts } from '../app.ts';
import { answeredBefore, refusalOfStream } from '../honour-idempotency-keys.ts';
import { sendKept } from '../kept-headers.ts';
import type { KeptResponse } from '../kept-responses.ts';

const FORMATS: Readonly<Record<string, ExampleFormat>> = {
  'application/x-ndjson': 'jsonl',
  'application/jsonl': 'jsonl',
  'text/csv': 'csv',
};

/** How long an upload that was refused may go on, in milliseconds. */
const FAREWELL_MS = 1000;

const params = z.object({ digest: z.string().regex(/^[0-9a-f]{64}$/) });

/** `/examples`: labelled examples come in as a stream and are kept under their digest. */
export function exampleRoutes({ examples, clock, authorization: { resources } }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    // No other body is read: the limit of this route is the store's, which counts the bytes as they come.
    api.removeAllContentTypeParsers();
    api.addContentTypeParser(Object.keys(FORMATS), (_request, payload, done) => done(null, payload));

    api.post(
      '/examples',
      {
        bodyLimit: Number.MAX_SAFE_INTEGER,
        onRequest: async (request) => void formatOf(request),
        onError: async ({ raw }) => leaveUnread(raw, clock),
        schema: {
          tags: ['examples'],
          summary: 'Send labelled examples; all are checked before any is kept',
          consumes: Object.keys(FORMATS),
          querystring: z.object({ project_id: projectIdSchema.default(DEFAULT_PROJECT) }),
          body: z
            .custom<Readable>((body) => body instanceof Readable)
            .describe('One example a line, or a table with a column "label"'),
          response: {
            201: examplesDescriptionSchema,
            400: errorResponseSchema,
            413: errorResponseSchema,
            415: errorResponseSchema,
            409: errorResponseSchema,
            422: errorResponseSchema,
          },
        },
      },
      async (request, reply) => {
        const taken = await take(request, request.body, request.query.project_id);
        return 'body' in taken
          ? sendKept(reply, taken)
          : reply.status(201).header('location', `/api/v1/examples/${taken.digest}`).send(taken);
      },
    );

    /** Reads an upload and keeps it, unless the answer under its Idempotency-Key is there already; what was read and is not kept is gone then. */
    async function take(request: FastifyRequest, body: Readable, projectId: string): Promise<ExampleSummary | KeptResponse> {
      await using staged = await examples.stage(body, formatOf(request)).catch((error: unknown) => {
        throw refusalOfStream(request, error);
      });
      const { summary } = staged;
      const earlier = answeredBefore(request, digestOf({ digest: summary.digest, project_id: projectId }));
      if (earlier !== undefined) return earlier;
      await staged.keep();
      await resources.addExamples(summary.digest, projectId, request.userId);
      return summary;
    }

    api.get(
      '/examples/:digest',
      {
        schema: {
          tags: ['examples'],
          summary: 'Describe a set of examples',
          params,
          response: { 200: examplesDescriptionSchema, 404: errorResponseSchema },
        },
      },
      async ({ params: { digest } }) => examples.describe(digest),
    );

    await api.register(factsRoute(examples));

    const text = { description: 'One example a line', content: { 'application/x-ndjson': { schema: z.string() } } };
    api.get(
      '/examples/:digest/lines',
      {
        schema: {
          tags: ['examples'],
          summary: 'Download a set of examples as JSON Lines',
          params,
          response: { 200: text, 404: errorResponseSchema },
        },
      },
      async ({ params: { digest } }, reply) => {
        const lines = (await examples.read(digest)).map((example) => JSON.stringify(example)).join('\n');
        return reply.type('application/x-ndjson').send(`${lines}\n`);
      },
    );
  };
}

/** `/examples/{digest}/facts`: what the data phase of a run would find, before there is a run. */
function factsRoute(examples: AppParts['examples']): FastifyPluginAsyncZod {
  return async (api) => {
    const measured = new FactsOfExamples(examples);
    api.addHook('preClose', async () => measured.close());
    api.get(
      '/examples/:digest/facts',
      {
        schema: {
          tags: ['examples'],
          summary: 'Measure a set of examples and its split: fields, labels, duplicates, conflicts, leakage',
          params,
          querystring: z.object({
            holdout: z.coerce.number().gt(0).lt(1).default(0.2),
            seed: z.coerce.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).default(1),
          }),
          response: {
            200: exampleFactsSchema,
            400: errorResponseSchema,
            404: errorResponseSchema,
            503: errorResponseSchema,
          },
        },
      },
      async ({ params: { digest }, query }, reply) => {
        // Nobody reads the answer to a page that was left.
        const gone = new AbortController();
        reply.raw.once('close', () =>
          gone.abort(new PlatformError('SERVICE_UNAVAILABLE', 'Cannot measure the examples: the request is gone')),
        );
        return measured.facts({ digest, ...query }, gone.signal);
      },
    );
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

/**
 * Throws away what comes after a refusal, for a moment, then cuts the connection: one that is cut at once, with data in it that nobody
 * read, is reset by the operating system, and the sender never sees the answer.
 */
function leaveUnread(message: IncomingMessage, clock: Clock): void {
  message.resume();
  const cancel = clock.schedule(FAREWELL_MS, () => message.socket.destroy());
  message.on('end', cancel);
  if (message.complete) cancel();
}
