import { once } from 'node:events';
import { type IncomingHttpHeaders, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type StreamedAnswer, streamAnswer } from './stream-answer.ts';

/** What a scripted provider was asked. */
export interface SeenRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: {
    readonly model: string;
    readonly stream?: boolean;
    readonly messages: readonly { readonly role: string; readonly content: string }[];
  };
  readonly raw: string;
}

/** One answer of a script: a text of the model, a status with headers, an answer made from the request, or whatever is done with the connection. */
export type ScriptedAnswer =
  | (Partial<StreamedAnswer> & { readonly text: string; readonly refusal?: string })
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  | { readonly make: (request: SeenRequest) => ScriptedAnswer }
  | { readonly connection: (response: ServerResponse) => void };

/** A service with OpenAI's chat interface over real HTTP, which answers by a script: the last answer is given again and again. */
export interface ScriptedProvider extends AsyncDisposable {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  script(...answers: readonly ScriptedAnswer[]): void;
}

const USAGE = { prompt_tokens: 1000, completion_tokens: 200, total_tokens: 1200 };

/** Starts one on a free port. */
export async function startProvider(): Promise<ScriptedProvider> {
  const seen: SeenRequest[] = [];
  let answers: readonly ScriptedAnswer[] = [];
  let at = 0;
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const raw = Buffer.concat(chunks).toString();
      const request: SeenRequest = {
        path: incoming.url ?? '',
        headers: incoming.headers,
        body: JSON.parse(raw) as SeenRequest['body'],
        raw,
      };
      seen.push(request);
      const next = answers[Math.min(at, answers.length - 1)];
      at += 1;
      if (next === undefined) response.writeHead(500).end('no script');
      else give(response, next, request);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    seen,
    script: (...script) => {
      answers = script;
      at = 0;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function give(response: ServerResponse, answer: ScriptedAnswer, request: SeenRequest): void {
  if ('connection' in answer) return answer.connection(response);
  if ('make' in answer) return give(response, answer.make(request), request);
  if ('status' in answer) {
    response.writeHead(answer.status, answer.headers).end(answer.body ?? '{"error":{"message":"scripted"}}');
    return;
  }
  const { text, refusal = null } = answer;
  const { finish = (answer.calls ?? []).length > 0 ? 'tool_calls' : 'stop', usage = USAGE } = answer;
  if (request.body.stream === true) {
    const { calls = [], everyMs = 0, cutAfter = null, instead = {} } = answer;
    void streamAnswer(response, { text, calls, finish, usage, everyMs, cutAfter, instead });
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json' }).end(
    JSON.stringify({
      id: 'c',
      object: 'chat.completion',
      created: 1,
      model: 'scripted',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: text, ...(refusal === null ? {} : { refusal }) },
          finish_reason: finish,
        },
      ],
      usage,
    }),
  );
}
