const TIMEOUT_MS = 5000;
const LIMIT_BYTES = 256 * 1024;

/** A small JSON document from a configured URL; no redirect is followed, because the configuration names who is believed. */
export async function fetchJson(url: string): Promise<unknown> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, { redirect: 'error', signal, headers: { accept: 'application/json' } });
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.byteLength;
    if (bytes > LIMIT_BYTES) throw new Error(`${url} answered with more than ${LIMIT_BYTES} bytes`);
    parts.push(part);
  }
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return JSON.parse(Buffer.concat(parts).toString('utf8'));
}
