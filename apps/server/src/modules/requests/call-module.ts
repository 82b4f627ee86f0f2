import { type Json, moduleAnswerSchema, type moduleRequestSchema, PlatformError } from '@loopwright/protocol';
import type { z } from 'zod';
import type { Supervisor } from '../supervisor.ts';

type ModuleRequest = z.infer<typeof moduleRequestSchema> & { readonly signal?: AbortSignal };
type ModuleAnswer = z.infer<typeof moduleAnswerSchema>;

/** The longest answer that is given on, in bytes. */
const ANSWER_LIMIT_BYTES = 1024 * 1024;

/**
 * Asks a route of a module of users and reads its answer whole. Those that come with Loopwright do what the server asks, in the name of whom it has checked.
 *
 * @throws `MODULE_NOT_FOUND`, `FORBIDDEN`, `SERVICE_UNAVAILABLE`, `MODULE_TIMEOUT`, `MODULE_PROTOCOL_ERROR` (an answer of more than 1 MiB, too), `OVERLOADED`
 */
export async function callModule(supervisor: Supervisor, name: string, request: ModuleRequest): Promise<ModuleAnswer> {
  const { method, path, body, idempotency_key: key, timeout_seconds: seconds, signal } = request;
  if (supervisor.module(name).spec.isInternal === true)
    throw new PlatformError('FORBIDDEN', `Cannot ask the module "${name}": it is a part of the server, which asks it itself`);
  const answer = await supervisor.request(name, {
    method,
    uri: path,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    body: body === undefined ? null : Buffer.from(JSON.stringify(body)),
    timeoutMs: seconds * 1000,
    ...(signal === undefined ? {} : { signal }),
  });
  const bytes = await readAll(name, answer.body);
  const type = answer.headers['content-type'];
  const contentType = typeof type === 'string' ? type : (type?.[0] ?? null);
  const json = /^application\/(?:[\w.-]+\+)?json\b/i.test(contentType ?? '') ? parseJson(bytes) : undefined;
  return {
    status: answer.status,
    content_type: contentType,
    body: json ?? null,
    text: json === undefined && bytes.length > 0 ? bytes.toString() : null,
  };
}

async function readAll(name: string, body: Uint8Array | ReadableStream<Uint8Array> | null): Promise<Buffer> {
  if (body === null) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body instanceof Uint8Array ? [body] : body) {
    size += chunk.length;
    if (size > ANSWER_LIMIT_BYTES)
      throw new PlatformError(
        'MODULE_PROTOCOL_ERROR',
        `Cannot take the answer of the module "${name}": it has more than ${ANSWER_LIMIT_BYTES} bytes`,
      );
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The value; `undefined` when it is none that can be given on. */
function parseJson(bytes: Buffer): Json | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return moduleAnswerSchema.shape.body.safeParse(value).data;
  } catch {
    return undefined;
  }
}
