import { basename, extname } from 'node:path/posix';
import { Readable } from 'node:stream';
import { PlatformError } from '@loopwright/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { OpenArtifact } from '../runs/workspace/workspace.ts';
import { readRange } from './byte-range.ts';
import { namesTag } from './manners/conditional-get.ts';

/** Types that a browser only shows. Whatever it could execute, such as HTML and SVG, is sent as text; what is not known, as bytes. */
const TYPES: Readonly<Record<string, string>> = {
  '.csv': 'text/csv; charset=utf-8',
  '.gif': 'image/gif',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.json': 'application/json; charset=utf-8',
  '.jsonl': 'application/jsonl; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.webp': 'image/webp',
};
const TEXTS = new Set(
  ' .cjs .css .htm .html .ini .java .js .jsx .log .mjs .py .sh .sql .svg .toml .ts .tsx .txt .xhtml .xml .yaml .yml'.split(' '),
);

/**
 * Answers with a file that is open, or a range of it, and closes it: `ETag` is its digest, so what was read stays what it is. A workspace holds what models
 * wrote: nothing of it is executed, whatever it is called. Throws RANGE_NOT_SATISFIABLE.
 */
export async function answerFile(
  request: FastifyRequest,
  reply: FastifyReply,
  { artifact, handle }: OpenArtifact,
  disposition: 'attachment' | 'inline',
): Promise<FastifyReply> {
  const etag = `"${artifact.digest}"`;
  reply
    .header('etag', etag)
    .header('last-modified', new Date(artifact.createdAt).toUTCString())
    .header('accept-ranges', 'bytes')
    .header('cache-control', 'private, no-cache')
    .header('x-content-type-options', 'nosniff')
    .header('content-security-policy', "sandbox; default-src 'none'")
    .header('content-disposition', `${disposition}; ${filenameOf(artifact.path)}`);
  let isStreaming = false;
  try {
    if (isKnown(request, etag, artifact.createdAt)) return reply.status(304).send();
    // A date is no strong validator here: a file may be written twice within its second (RFC 9110 §8.8.2.2).
    const isSame = [undefined, etag].includes(request.headers['if-range'] as string | undefined);
    const range = isSame ? readRange(request.headers.range, artifact.bytes) : undefined;
    if (range === 'unsatisfiable') {
      reply.header('content-range', `bytes */${artifact.bytes}`).removeHeader('content-disposition').removeHeader('etag');
      throw new PlatformError('RANGE_NOT_SATISFIABLE', `Cannot send that range: the file has ${artifact.bytes} bytes`, {
        details: { size_bytes: artifact.bytes },
      });
    }
    const { first, last } = range ?? { first: 0, last: artifact.bytes - 1 };
    reply.type(typeOf(artifact.path)).header('content-length', last - first + 1);
    if (range !== undefined) reply.status(206).header('content-range', `bytes ${first}-${last}/${artifact.bytes}`);
    // Fastify drains what a HEAD is answered with, and counts what is no stream: so neither the file nor nothing.
    if (request.method === 'HEAD' || last < first) return reply.send(Readable.from([]));
    isStreaming = true;
    const stream = handle.createReadStream({ start: first, end: last, autoClose: true });
    return reply.send(stream);
  } finally {
    // The stream closes the file when it ends; everything else does not need it any more.
    if (!isStreaming) await handle.close();
  }
}

function typeOf(path: string): string {
  const suffix = extname(path).toLowerCase();
  if (TEXTS.has(suffix)) return 'text/plain; charset=utf-8';
  return TYPES[suffix] ?? 'application/octet-stream';
}

/** The name in both forms of RFC 6266: plain for old readers, and in UTF-8. */
function filenameOf(path: string): string {
  const name = basename(path);
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(name).replaceAll(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  return `filename="${plain}"; filename*=UTF-8''${encoded}`;
}

/** Whether the caller has the content: by its tag, or without one by its time, of which only whole seconds are told (RFC 9110 §13.2.2). */
function isKnown({ headers }: FastifyRequest, etag: string, createdAt: number): boolean {
  const { 'if-none-match': tags, 'if-modified-since': since } = headers;
  if (tags !== undefined) return namesTag(tags, etag);
  return since !== undefined && Math.floor(createdAt / 1000) * 1000 <= Date.parse(since);
}
