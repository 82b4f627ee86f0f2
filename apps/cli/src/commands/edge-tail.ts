import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import {
  PlatformError,
  errorResponseSchema,
  executionTailLineSchema,
  isErrorCode,
  messageOf,
  programNameSchema,
} from '@loopwright/protocol';
import { Command, InvalidArgumentError } from 'commander';

interface Flags {
  readonly url: string;
  readonly program?: string;
  readonly last: number;
  readonly after?: string;
  readonly positions?: boolean;
  readonly count?: number;
}

/** `loopwright edge tail`: prints the records of an edge as they come, one JSON object a line. `write` takes them. */
export function edgeTailCommand(write: (text: string) => void): Command {
  return new Command('tail')
    .description('Follow what an edge records, as JSON Lines; LOOPWRIGHT_EDGE_TOKEN is the token of the edge')
    .option('--url <url>', 'the edge', 'http://127.0.0.1:8080')
    .option('--program <name>', 'name of the program; left out where one is served')
    .option('--last <n>', 'so many of the newest records first', countOf, 10)
    .option('--after <position>', 'go on behind a position')
    .option('--positions', 'print each record with the position after it')
    .option('--count <n>', 'end after so many records', countOf)
    .action(async (flags: Flags) => {
      let told = 0;
      let position = flags.after;
      for await (const line of linesOf(await open(flags))) {
        const next = executionTailLineSchema.parse(JSON.parse(line));
        ({ position } = next);
        write(`${JSON.stringify(flags.positions === true ? next : next.record)}\n`);
        told += 1;
        if (told === flags.count) return;
      }
      throw new PlatformError('SERVICE_UNAVAILABLE', 'Cannot go on: the edge has ended the stream', {
        details: { after: position ?? null },
      });
    });
}

async function open({ url, program, last, after }: Flags): Promise<ReadableStream<Uint8Array>> {
  const token = process.env['LOOPWRIGHT_EDGE_TOKEN'];
  const query = new URLSearchParams({ last: String(last) });
  if (after !== undefined) query.set('after', after);
  if (program !== undefined) query.set('task_id', programNameSchema.parse(program));
  let response: Response;
  try {
    response = await fetch(`${url.replace(/\/+$/u, '')}/executions/tail?${query.toString()}`, {
      headers: token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` },
      // A token goes where it was meant to go.
      redirect: 'error',
    });
  } catch (error) {
    throw new PlatformError('SERVICE_UNAVAILABLE', `Cannot reach the edge at ${url}: ${messageOf(error)}`, { cause: error });
  }
  if (response.ok && response.body !== null) return response.body;
  const { data } = errorResponseSchema.safeParse(await response.json().catch(() => undefined));
  if (data === undefined || !isErrorCode(data.error_code))
    throw new PlatformError('SERVICE_UNAVAILABLE', `Cannot use the edge at ${url}: it answered ${response.status}`);
  throw new PlatformError(data.error_code, data.message);
}

/** The lines of the stream that say something. Leaving them ends the request. */
async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const source = Readable.fromWeb(body);
  try {
    for await (const line of createInterface({ input: source, crlfDelay: Infinity })) if (line !== '') yield line;
  } finally {
    source.destroy();
  }
}

function countOf(text: string): number {
  if (!/^\d{1,9}$/u.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
