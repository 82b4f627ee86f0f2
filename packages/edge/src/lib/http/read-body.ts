import { type FastifyInstance, type FastifyReply, type FastifyRequest, type onRequestHookHandler, errorCodes } from 'fastify';
import { BODY_LIMIT_BYTES } from './limits.ts';

/** Handles a request whose body was read; what it throws is answered as an error. */
export type BodyHandler = (request: FastifyRequest, reply: FastifyReply, body: unknown) => Promise<unknown>;

const JSON_TYPES: ReadonlySet<string | undefined> = new Set(['application/json', 'application/json; charset=utf-8']);

/**
 * What a route may have as its `onRequest`: it reads a JSON body of known length by itself and hands it to `handle`, which saves a fifth of what a
 * request costs besides `node:http`. Limits, errors and the refusal of `__proto__` are those of Fastify. Any other request goes on to the handler of
 * the route, and so does one that may have a trace, whose place the later hooks give it.
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
    const fail = (error: unknown): void => void reply.send(error instanceof Error ? error : new Error(String(error)));
    // Whoever sends no body that can be read may go on with anything.
    const refuse = (error: Error): void => void reply.header('connection', 'close').send(error);
    readBody(request, length, (error, text = '') => {
      if (error !== null) {
        refuse(error);
        return;
      }
      let parsed: { error: Error | null; body: unknown } = { error: null, body: undefined };
      void parseJson(request, text, (parseError, body: unknown) => (parsed = { error: parseError, body }));
      if (parsed.error !== null) {
        refuse(parsed.error);
        return;
      }
      try {
        handle(request, reply, parsed.body).catch(fail);
      } catch (invalid) {
        fail(invalid);
      }
    });
  };
}

/** Calls `done` once, when the body is there or will not be. */
function readBody(
  { raw }: Pick<FastifyRequest, 'raw'>,
  length: number,
  done: (error: Error | null, text?: string) => void,
): void {
  const pieces: Buffer[] = [];
  let received = 0;
  raw.on('data', (piece: Buffer) => {
    received += piece.length;
    pieces.push(piece);
  });
  raw.on('end', () => {
    const [first] = pieces;
    if (received !== length || first === undefined) done(new errorCodes.FST_ERR_CTP_INVALID_CONTENT_LENGTH());
    else done(null, (pieces.length === 1 ? first : Buffer.concat(pieces, received)).toString('utf8'));
  });
  raw.on('error', (error) => {
    // Later ones are of a connection that broke while its request is handled.
    if (!raw.readableEnded) done(Object.assign(error, { statusCode: 400 }));
  });
}
