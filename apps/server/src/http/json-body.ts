import { PlatformError, issueDetails, messageOf } from '@loopwright/protocol';
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
      done(refusal('is not UTF-8', cause));
      return;
    }
    void parse(request, text, (error, value) => done(error === null ? null : refusal(faultOf(text), error), value));
  });
}

function refusal(message: string, cause: unknown): PlatformError {
  return new PlatformError('VALIDATION_ERROR', `Cannot read the request: its body ${message}`, {
    details: { in: 'body', ...issueDetails([{ path: [], message }], '/body') },
    cause,
  });
}

/** Why a text was refused: it is no JSON, or one that could change what all objects are. */
function faultOf(text: string): string {
  if (text === '') return 'is empty, and its type says that it is JSON';
  try {
    JSON.parse(text);
    return 'has the key "__proto__", which is not allowed';
  } catch (error) {
    return `is not JSON: ${messageOf(error)}`;
  }
}
