import { PlatformError } from '@loopwright/protocol';
import type { FastifyInstance } from 'fastify';

/**
 * Reads bodies of some types as JSON in UTF-8. Bytes that are none are refused: they would be replaced by others, and what is stored would not be what was
 * sent.
 */
export function readJsonBodies(app: FastifyInstance, types: string | string[]): void {
  const parse = app.getDefaultJsonParser('error', 'ignore');
  const decoder = new TextDecoder('utf-8', { fatal: true });
  app.addContentTypeParser(types, { parseAs: 'buffer' }, (request, body, done) => {
    let text: string;
    try {
      text = decoder.decode(Buffer.from(body));
    } catch (cause) {
      done(new PlatformError('VALIDATION_ERROR', 'Cannot read the request: its body is not UTF-8', { cause }));
      return;
    }
    void parse(request, text, done);
  });
}
