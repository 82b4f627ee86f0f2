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
    void readAndHandle(request, reply, length);
  };

  async function readAndHandle(request: FastifyRequest, reply: FastifyReply, length: number): Promise<void> {
    let body: unknown;
    try {
      body = parse(request, await readBody(request, length));
    } catch (error) {
      // Whoever sends no body that can be read may go on with anything.
      reply.header('connection', 'close').send(error);
      return;
    }
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

/** The text of a body; rejects when it does not come as it was announced. */
function readBody({ raw }: Pick<FastifyRequest, 'raw'>, length: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let received = 0;
    raw.on('data', (piece: Buffer) => {
      received += piece.length;
      pieces.push(piece);
    });
    raw.on('end', () => {
      const [first] = pieces;
      if (received !== length || first === undefined) reject(new errorCodes.FST_ERR_CTP_INVALID_CONTENT_LENGTH());
      else resolve((pieces.length === 1 ? first : Buffer.concat(pieces, received)).toString('utf8'));
    });
    raw.on('error', (error) => reject(Object.assign(error, { statusCode: 400 })));
  });
}
