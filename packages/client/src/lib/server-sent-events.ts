/** One event of a stream of Server-Sent Events. */
export interface ServerSentEvent {
  /** The number in `id`; `undefined` when it has none. */
  readonly id: number | undefined;
  /** Empty for an event that only moves the cursor. */
  readonly data: string;
}

/** The longest line that is taken, in characters: more than any event has. */
const LINE_LIMIT = 16 * 1024 * 1024;

/** Reads `text/event-stream`; `heard` is called for every part that arrives, comments included. Ends with the body, and throws when it breaks. */
export async function* readServerSentEvents(body: AsyncIterable<Uint8Array>, heard: () => void): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  let data: string[] = [];
  let id: number | undefined;
  for await (const part of body) {
    heard();
    const lines = (rest + decoder.decode(part, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LINE_LIMIT) throw new RangeError('Cannot read the stream: a line does not end');
    for (const line of lines.map((text) => text.replace(/\r$/, ''))) {
      if (line === '') {
        if (data.length > 0 || id !== undefined) yield { id, data: data.join('\n') };
        data = [];
        id = undefined;
      } else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
      else if (/^id: ?\d+$/.test(line)) id = Number(line.slice(3));
    }
  }
}
