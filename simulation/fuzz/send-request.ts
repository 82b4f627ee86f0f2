import { type Agent, request } from 'node:http';

/** What came back. */
export interface FuzzAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/** How much of an answer is read; a stream of events is left after its first part. */
const READ_LIMIT = 5_000_000;

/** Sends one request as it is, header tricks and all. Throws `time-out` when no answer comes in time. */
export function sendRequest(
  base: string,
  {
    method,
    path,
    headers,
    body,
  }: { method: string; path: string; headers: Readonly<Record<string, string>>; body: string | undefined },
  { agent, timeoutMs }: { agent: Agent; timeoutMs: number },
): Promise<FuzzAnswer> {
  const { hostname, port } = new URL(base);
  const { promise, resolve, reject } = Promise.withResolvers<FuzzAnswer>();
  const signal = AbortSignal.timeout(timeoutMs);
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const outgoing = request({ hostname, port, method, path, agent, headers: { ...length, ...headers }, signal }, (incoming) => {
    const contentType = incoming.headers['content-type'] ?? '';
    let text = '';
    const done = (): void => resolve({ status: incoming.statusCode ?? 0, contentType, text });
    incoming.setEncoding('utf8');
    incoming.on('data', (chunk: string) => {
      text += chunk;
      if (text.length < READ_LIMIT && !contentType.startsWith('text/event-stream')) return;
      done();
      outgoing.destroy();
    });
    incoming.on('end', done);
    incoming.on('error', () => done());
  });
  outgoing.on('error', (error: NodeJS.ErrnoException) => {
    if (signal.aborted) reject(new Error('time-out'));
    // The server may close a connection whose request it refused.
    else resolve({ status: -1, contentType: '', text: error.code ?? error.message });
  });
  outgoing.end(body);
  return promise;
}
