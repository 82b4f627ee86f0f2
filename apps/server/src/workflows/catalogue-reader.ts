import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CatalogueReader } from '@loopwright/engine';
import { PlatformError, messageOf } from '@loopwright/protocol';
import type { OutboundHosts } from '../outbound/outbound-hosts.ts';

const DOCUMENT_LIMIT_BYTES = 1024 * 1024;
const TIMEOUT_MS = 10_000;

/**
 * Reads functions of catalogues and schemas of resources over HTTP, from the hosts that workflows may call. What was read is kept in `dir`: a server whose
 * catalogue is away starts with that, because a function has a version and does not change. Redirects are not followed.
 */
export function catalogueReader(dir: string, outbound: Pick<OutboundHosts, 'allowHost' | 'fetch'>): CatalogueReader {
  return async (uri) => {
    const kept = join(dir, createHash('sha256').update(uri).digest('hex'));
    try {
      const text = await read(uri, outbound);
      await mkdir(dir, { recursive: true, mode: 0o700 });
      await writeFile(`${kept}.new`, text);
      await rename(`${kept}.new`, kept);
      return text;
    } catch (error) {
      const before = await readFile(kept, 'utf8').catch(() => undefined);
      if (before !== undefined) return before;
      throw error;
    }
  };
}

async function read(uri: string, { allowHost, fetch }: Pick<OutboundHosts, 'allowHost' | 'fetch'>): Promise<string> {
  const url = new URL(uri);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refusal(uri, 'only http and https are read');
  await allowHost(url.hostname);
  const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((error: unknown) => {
    throw refusal(uri, messageOf(error));
  });
  if (!response.ok) throw refusal(uri, `the server answered ${response.status}`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > DOCUMENT_LIMIT_BYTES) throw refusal(uri, `it has more than ${DOCUMENT_LIMIT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function refusal(uri: string, why: string): PlatformError {
  const { origin, pathname } = new URL(uri);
  return new PlatformError('SERVICE_UNAVAILABLE', `Cannot read "${origin}${pathname}": ${why}`);
}
