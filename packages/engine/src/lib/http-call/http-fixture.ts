import { once } from 'node:events';
import { type IncomingHttpHeaders, type ServerResponse, createServer } from 'node:http';
import { type Json, toJson } from '@loopwright/protocol';
import { journalDir, openEngine, startOne, until } from '../embedded/engine-fixture.ts';
import { type Execution, type JournalEntry, isFinal } from '../execution/execution.ts';
import type { CallFunction } from '../interpreter/call-function.ts';

/** A request as the server of a test got it. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query, as they were sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An HTTP server on a free port of the loopback, with all requests it got. */
export interface TestServer extends AsyncDisposable {
  readonly origin: string;
  readonly seen: SeenRequest[];
}

/** Starts a server that answers by `answer`. */
export async function startServer(answer: (request: SeenRequest, response: ServerResponse) => void): Promise<TestServer> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const got = { method, url, headers, body: Buffer.concat(chunks).toString() };
      seen.push(got);
      answer(got, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('Cannot start the server of the test: it has no port');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, value: unknown, status = 200, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

/** Runs a workflow of one `call` in an engine of its own to the end; gives the execution and all that was recorded. */
export async function runCall(
  called: CallFunction,
  args: unknown,
  { input = {}, timeoutMs }: { input?: Json; timeoutMs?: number } = {},
): Promise<{ execution: Execution; journal: readonly JournalEntry[] }> {
  const timeout = timeoutMs === undefined ? {} : { timeout: { after: { milliseconds: timeoutMs } } };
  const body = JSON.stringify([{ ask: { call: 'called', with: toJson(args), ...timeout } }]);
  await using engine = await openEngine(journalDir(), { called }, { single: `do: ${body}` });
  const { execution } = await startOne(engine, 'single', input);
  const ended = await until(engine, execution.id, ({ status }) => isFinal(status));
  return { execution: ended, journal: engine.read.journal(execution.id) };
}

/** The last part of the type of the error that an execution ended with. */
export function errorTypeOf({ error }: Execution): string {
  const type = typeof error === 'object' && error !== null && !Array.isArray(error) ? error['type'] : undefined;
  if (typeof type !== 'string') throw new Error(`Cannot read the type of the error: ${JSON.stringify(error)}`);
  return type.slice(type.lastIndexOf('/') + 1);
}
