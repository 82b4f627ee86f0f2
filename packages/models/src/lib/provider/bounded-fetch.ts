import type * as Undici from 'undici';

/** Largest answer of a provider, in bytes. A document of an agent is far smaller. */
const ANSWER_LIMIT_BYTES = 8 * 1024 * 1024;
const CONNECT_TIMEOUT_MS = 10_000;
const CONNECTIONS = 16;

/** A `fetch` for model providers and the connections behind it. */
export interface ProviderTransport extends AsyncDisposable {
  readonly fetch: typeof globalThis.fetch;
}

/**
 * Connections to the providers that the operator named, private addresses included. A redirect is an error, because the key would go with it; an
 * answer past {@link ANSWER_LIMIT_BYTES} is cut off with an error while it is read. The only time limit is the caller's signal: the `fetch` inside Node gives up after 300 s.
 */
export function openProviderTransport(): ProviderTransport {
  let opened: ReturnType<typeof openAgent> | undefined;
  const bounded = async (url: string, init: object): Promise<Response> => {
    const { fetch, agent } = await (opened ??= openAgent());
    const response = (await fetch(url, { ...init, redirect: 'error', dispatcher: agent })) as unknown as Response;
    const { status, statusText, headers } = response;
    return new Response(response.body?.pipeThrough(limitBytes(ANSWER_LIMIT_BYTES)) ?? null, { status, statusText, headers });
  };
  return {
    fetch: bounded as unknown as typeof globalThis.fetch,
    [Symbol.asyncDispose]: async () => (await opened)?.agent.destroy(),
  };
}

/** The library is read with the first request: it is large, and most processes ask no model. */
async function openAgent(): Promise<{ fetch: typeof Undici.fetch; agent: Undici.Agent }> {
  const { Agent, fetch } = await import('undici');
  const agent = new Agent({
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    connections: CONNECTIONS,
  });
  return { fetch, agent };
}

function limitBytes(limit: number): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > limit) controller.error(new RangeError(`the answer is larger than ${limit} bytes`));
      else controller.enqueue(chunk);
    },
  });
}
