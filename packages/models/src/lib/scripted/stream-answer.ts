import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** A call of a tool in a scripted answer. A text is sent as the arguments as it is, JSON or not. */
interface ScriptedCall {
  readonly name: string;
  readonly arguments: object | string;
}

/** An answer that is sent in pieces. */
export interface StreamedAnswer {
  readonly text: string;
  readonly calls: readonly ScriptedCall[];
  readonly finish: string;
  readonly usage: object | null;
  /** Milliseconds between two pieces; 0 for none. */
  readonly everyMs: number;
  /** Pieces after which the connection is cut. */
  readonly cutAfter: number | null;
  /** Lines that are sent in the place of the piece of this number. */
  readonly instead: Readonly<Record<number, string>>;
}

const PIECE_CHARACTERS = 40;

/** Sends an answer in the form of a chat completion with `stream: true`. */
export async function streamAnswer(response: ServerResponse, answer: StreamedAnswer): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const chunks = chunksOf(answer);
  for (const [index, chunk] of chunks.entries()) {
    if (index === answer.cutAfter) {
      response.destroy();
      return;
    }
    if (answer.everyMs > 0) await delay(answer.everyMs);
    if (response.destroyed) return;
    response.write(`data: ${answer.instead[index] ?? JSON.stringify(chunk)}\n\n`);
  }
  response.end('data: [DONE]\n\n');
}

function chunksOf({ text, calls, finish, usage }: StreamedAnswer): object[] {
  const choice = (delta: object, reason: string | null = null): object => ({
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'scripted',
    choices: [{ index: 0, delta, finish_reason: reason }],
  });
  const spoken = piecesOf(text).map((content) => choice({ content }));
  const called = calls.flatMap(({ name, arguments: given }, index) => {
    const json = typeof given === 'string' ? given : JSON.stringify(given);
    const call = (fields: object): object => choice({ tool_calls: [{ index, ...fields }] });
    const begin = call({ id: `call-${index}`, type: 'function', function: { name, arguments: '' } });
    return [begin, ...piecesOf(json).map((piece) => call({ function: { arguments: piece } }))];
  });
  const last = [choice({}, finish)];
  if (usage !== null) last.push({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'scripted', choices: [], usage });
  return [choice({ role: 'assistant' }), ...spoken, ...called, ...last];
}

function piecesOf(text: string): string[] {
  const size = Math.max(PIECE_CHARACTERS, Math.ceil(text.length / 2000));
  return Array.from({ length: Math.ceil(text.length / size) }, (_, index) => text.slice(index * size, (index + 1) * size));
}
