import { type ClientRequest, type IncomingMessage, get } from 'node:http';
import { z } from 'zod';

const messageSchema = z.looseObject({
  event_type: z.string(),
  seq: z.int().optional(),
  position: z.int().optional(),
  execution_id: z.string().nullish(),
});

/** One block of a stream of Server-Sent Events, read as the standard says. */
interface Block {
  readonly event: string;
  readonly id: string | undefined;
  readonly message: z.infer<typeof messageSchema>;
}

/** A reader of Server-Sent Events. */
export interface SseReader {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly blocks: Block[];
  /** All that came. */
  readonly text: () => string;
  readonly closed: Promise<void>;
  readonly response: IncomingMessage;
  readonly request: ClientRequest;
}

/** Opens a stream; resolves with its headers. */
export function openSse(url: string, headers: Record<string, string> = {}): Promise<SseReader> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, headers: { accept: 'text/event-stream', ...headers } }, (response) => {
      let text = '';
      let rest = '';
      const blocks: Block[] = [];
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
        const parts = (rest + part).split('\n\n');
        rest = parts.pop() ?? '';
        for (const block of parts) blocks.push(...read(block));
      });
      const closed = new Promise<void>((done) => void response.on('close', done));
      response.on('error', () => undefined);
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        blocks,
        text: () => text,
        closed,
        response,
        request,
      });
    });
    request.on('error', reject);
  });
}

function read(block: string): Block[] {
  const fields = block.split(/\r\n|\r|\n/).map((line) => [line.split(':')[0], line.replace(/^\w*: ?/, '')] as const);
  const valuesOf = (name: string): string[] => fields.filter(([field]) => field === name).map(([, value]) => value);
  const data = valuesOf('data').join('\n');
  if (data === '') return [];
  return [
    { event: valuesOf('event').at(-1) ?? 'message', id: valuesOf('id').at(-1), message: messageSchema.parse(JSON.parse(data)) },
  ];
}
