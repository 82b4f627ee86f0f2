import { type FastifyInstance, type FastifyReply, type FastifyRequest, type onRequestHookHandler, errorCodes } from 'fastify';
import { BODY_LIMIT_BYTES } from './limits.ts';

/** Handles a request whose body was read; what it throws is answered as an error. */
export type BodyHandler = (request: FastifyRequest, reply: FastifyReply, body: unknown) => Promise<unknown>;

const JSON_TYPES: ReadonlySet<string | undefined> = new Set(['application/json', 'application/json; charset=utf-8']);

/**
 * What a route may have as its `onRequest`: it reads a JSON body of known length by itself and hands it to `handle`, without the
 * resource, the hooks and the wrappers that Fastify makes for each request behind that. Limits, errors and the refusal of `__proto__` are those of
 * Fastify. Any other request goes on to the handler of the route, and so does one that may have a trace, whose place the later hooks give it.
 */
export function readingBody(app: FastifyInstance, handle: BodyHandler): onRequestHookHandler {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  return (request, reply, done) => {
    const { headers } = request.raw;
    const length = Number(headers['content-length']);
    const isPlain = JSON_TYPES.has(headers['content-type']) && headers['traceparent'] === undefined;
    if (!isPlain || !(length > 0 && length <= BODY_LIMIT_BYTES)) {
      done();
      return;
    }
    readBody(request, length, (error, text) => {
      let body: unknown;
      try {
        if (error !== null) throw error;
        body = parse(request, text);
      } catch (refusal) {
        // Whoever sends no body that can be read may go on with anything.
        reply.header('connection', 'close').send(refusal);
        return;
      }
      void handleBody(request, reply, body);
    });
  };

  async function handleBody(request: FastifyRequest, reply: FastifyReply, body: unknown): Promise<void> {
    try {
      await handle(request, reply, body);
    } catch (error) {
      reply.send(error);
    }
  }

  function parse(request: FastifyRequest, text: string): unknown {
    let parsed: { readonly error: Error | null; readonly body: unknown } = { error: null, body: undefined };
    void parseJson(request, text, (error, body: unknown) => {
      parsed = { error, body };
    });
    if (parsed.error !== null) throw parsed.error;
    return parsed.body;
  }
}

/** Gives the text of a body once, or why it did not come as it was announced. By a callback, because a promise would be one more turn of the queue for each request. */
function readBody({ raw }: Pick<FastifyRequest, 'raw'>, length: number, done: (error: Error | null, text: string) => void): void {
  const pieces: Buffer[] = [];
  let received = 0;
  let isOver = false;
  const end = (error: Error | null, text: string): void => {
    if (isOver) return;
    isOver = true;
    done(error, text);
  };
  raw.on('data', (piece: Buffer) => {
    received += piece.length;
    pieces.push(piece);
  });
  raw.on('end', () => {
    const [first] = pieces;
    if (received !== length || first === undefined) end(new errorCodes.FST_ERR_CTP_INVALID_CONTENT_LENGTH(), '');
    else end(null, (pieces.length === 1 ? first : Buffer.concat(pieces, received)).toString('utf8'));
  });
  raw.on('error', (error) => end(Object.assign(error, { statusCode: 400 }), ''));
}
