import type { IncomingMessage, ServerResponse } from 'node:http';
import { type FastifyInstance, type FastifyRequest, errorCodes } from 'fastify';
import { type AnswerError, sendError } from './error-answers.ts';
import { BODY_LIMIT_BYTES } from './limits.ts';

/** Handles a request whose body was read, and answers it; what it throws is answered as an error. */
export type BodyHandler = (request: IncomingMessage, response: ServerResponse, body: unknown) => Promise<unknown>;

/** What is answered past Fastify. */
export interface PlainPosts {
  /** Who handles a POST of JSON; `undefined`: Fastify does. */
  readonly handlerOf: (request: IncomingMessage) => BodyHandler | undefined;
  readonly answerError: AnswerError;
}

const JSON_TYPES: ReadonlySet<string | undefined> = new Set(['application/json', 'application/json; charset=utf-8']);

/**
 * Answers plain requests past Fastify, whose routing, hooks and wrappers are a part of the time of a quick request (decisions/029): those with a JSON body of known
 * length and nothing that a hook looks at. Limits, errors and the refusal of `__proto__` are those of Fastify. Any other request goes to Fastify, and so do all
 * when the server closes, and those of the second address of `localhost`.
 */
export function answerPlainPosts(app: FastifyInstance, { handlerOf, answerError }: PlainPosts): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  const [ordinary] = app.server.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[];
  let isClosing = false;
  app.addHook('preClose', (done) => {
    isClosing = true;
    done();
  });
  app.server.removeAllListeners('request').on('request', (request, response) => {
    const handle = isClosing || !isPlain(request) ? undefined : handlerOf(request);
    if (handle === undefined) ordinary?.(request, response);
    else answer(handle, request, response);
  });

  function answer(handle: BodyHandler, request: IncomingMessage, response: ServerResponse): void {
    readBody(request, (error, text) => {
      let body: unknown;
      try {
        if (error !== null) throw error;
        body = parse(text);
      } catch (refusal) {
        // Whoever sends no body that can be read may go on with anything.
        response.setHeader('connection', 'close');
        sendError(response, answerError(refusal, BODY_LIMIT_BYTES));
        return;
      }
      void handleBody(handle, { request, response, body });
    });
  }

  async function handleBody(
    handle: BodyHandler,
    { request, response, body }: { request: IncomingMessage; response: ServerResponse; body: unknown },
  ): Promise<void> {
    try {
      await handle(request, response, body);
    } catch (error) {
      sendError(response, answerError(error, BODY_LIMIT_BYTES));
    }
  }

  function parse(text: string): unknown {
    let parsed: { readonly error: Error | null; readonly body: unknown } = { error: null, body: undefined };
    // It does nothing with the request.
    void parseJson({} as FastifyRequest, text, (error, body: unknown) => {
      parsed = { error, body };
    });
    if (parsed.error !== null) throw parsed.error;
    return parsed.body;
  }
}

/** Whether its body is JSON of a length that is allowed, and it may have no trace, whose place the hooks of Fastify give it. */
function isPlain({ method, headers }: IncomingMessage): boolean {
  if (method !== 'POST' || !JSON_TYPES.has(headers['content-type']) || headers['traceparent'] !== undefined) return false;
  const length = Number(headers['content-length']);
  return length > 0 && length <= BODY_LIMIT_BYTES;
}

/** Gives the text of a body once, or why it did not come as it was announced. By a callback, because a promise would be one more turn of the queue for each request. */
function readBody(request: IncomingMessage, done: (error: Error | null, text: string) => void): void {
  const length = Number(request.headers['content-length']);
  const pieces: Buffer[] = [];
  let received = 0;
  let isOver = false;
  const end = (error: Error | null, text: string): void => {
    if (isOver) return;
    isOver = true;
    done(error, text);
  };
  request.on('data', (piece: Buffer) => {
    received += piece.length;
    pieces.push(piece);
  });
  request.on('end', () => {
    const [first] = pieces;
    if (received !== length || first === undefined) end(new errorCodes.FST_ERR_CTP_INVALID_CONTENT_LENGTH(), '');
    else end(null, (pieces.length === 1 ? first : Buffer.concat(pieces, received)).toString('utf8'));
  });
  request.on('error', (error) => end(Object.assign(error, { statusCode: 400 }), ''));
}
