import { EVENT_LIMIT_CHARACTERS } from './limits.ts';

/** One event of a stream: its data, and the id that the stream had by then. */
export interface ServerSentEvent {
  readonly id: string;
  readonly data: string;
}

/**
 * Reads a `text/event-stream` (WHATWG HTML §9.2.6). An event without data is none, and one that the end of the stream cuts off is lost.
 *
 * @throws Error for an event over {@link EVENT_LIMIT_CHARACTERS}.
 */
export async function* serverSentEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const data: string[] = [];
  let size = 0;
  let id = '';
  for await (const line of linesOf(body)) {
    if (line === '') {
      if (data.length > 0) yield { id, data: data.join('\n') };
      data.length = 0;
      size = 0;
      continue;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') {
      data.push(value);
      size += value.length + 1;
      checkSize(size);
    } else if (field === 'id' && !value.includes('\0')) id = value;
  }
}

/** Lines that end with LF, CR or CRLF; what stands after the last end is dropped. */
async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  let first = true;
  for await (const chunk of body) {
    let text = rest + decoder.decode(chunk, { stream: true });
    if (first && text !== '') {
      first = false;
      text = text.replace(/^\uFEFF/, '');
    }
    // A CR at the end may be half of a CRLF.
    const held = text.endsWith('\r') ? '\r' : '';
    const lines = text.slice(0, text.length - held.length).split(/\r\n|\n|\r/);
    rest = (lines.pop() ?? '') + held;
    checkSize(rest.length);
    yield* lines;
  }
  if (rest.endsWith('\r')) yield rest.slice(0, -1);
}

function checkSize(characters: number): void {
  if (characters > EVENT_LIMIT_CHARACTERS)
    throw new Error(`Cannot read the stream: an event is longer than ${EVENT_LIMIT_CHARACTERS} characters`);
}
