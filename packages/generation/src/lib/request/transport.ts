/** What the client reads of an answer. */
export interface FetchLikeResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: AsyncIterable<Uint8Array> | null;
}

/** The part of `fetch` that the client needs: a promise that rejects on network errors and when the signal is aborted. */
export type FetchLike = (
  url: string,
  init: {
    readonly method: 'GET' | 'POST';
    readonly headers: Record<string, string>;
    readonly body?: string;
    readonly redirect: 'manual';
    readonly signal: AbortSignal;
  },
) => Promise<FetchLikeResponse>;

/** A `fetch` and the connections behind it. */
export interface Transport {
  readonly fetch: FetchLike;
  /** Closes the connections; requests under way fail. */
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** More executions at a time than this wait for each other, and their time runs. */
const CONNECTION_LIMIT = 256;

/**
 * Connections whose only time limit is the caller's. The `fetch` inside Node gives up after 300 s without response headers
 * and a generation answers when it is done, so that a longer time-out would have no effect with it.
 */
export function openTransport(): Transport {
  let opened: Promise<Transport> | undefined;
  return {
    fetch: async (url, init) => (await (opened ??= openAgent())).fetch(url, init),
    close: async () => (await opened)?.close(),
  };
}

/** The library is read with the first request: it is large, and many processes never send one. */
async function openAgent(): Promise<Transport> {
  const { Agent, fetch } = await import('undici');
  const agent = new Agent({
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    connections: CONNECTION_LIMIT,
  });
  return {
    fetch: (url, init) => fetch(url, { ...init, dispatcher: agent }),
    close: () => agent.destroy(),
  };
}
