import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { z } from 'zod';
import { operationsOf } from '../../apps/server/src/http/manners/openapi-operations.ts';
import { chooseBySeed } from '../choices.ts';
import { problemOf } from './check-answer.ts';
import { FuzzRequests } from './fuzz-request.ts';
import { sendRaw } from './raw-requests.ts';
import { sendRequest } from './send-request.ts';

/** How a server is attacked. */
export interface FuzzOptions {
  readonly url: string;
  /** Its process, whose memory is watched. */
  readonly pid: number;
  readonly seed: number;
  readonly count: number;
  /** Called now and then with how many requests are done. */
  readonly report: (done: number) => void;
}

/** What came of it. */
export interface FuzzReport {
  /** One line each, with the request; empty when the server held. */
  readonly problems: readonly string[];
  /** Answers by the kind of the request and their status. */
  readonly answers: Readonly<Record<string, number>>;
  /** Operations that answered 2xx at least once, and all. */
  readonly reached: readonly [number, number];
  /** Resident memory of the server after a quarter, and at the end, in MiB. */
  readonly memoryMib: readonly [number, number];
}

const CALLERS = 12;
/** Every so many requests one is sent that is no HTTP. */
const RAW_EVERY = 25;
const TIMEOUT_MS = 20_000;
const RAW_PATIENCE_MS = 300;
/** The memory may grow by half, and by this much, for the heap takes its time. */
const GROWTH_MIB = 128;
const KEPT_IDS = 200;
const PROBLEM_LIMIT = 50;

const documentSchema = z.looseObject({ components: z.looseObject({ schemas: z.record(z.string(), z.looseObject({})) }) });

/** Sends requests made from the server's own OpenAPI document, good ones and bad ones, and looks at every answer. */
export async function fuzz({ url, pid, seed, count, report }: FuzzOptions): Promise<FuzzReport> {
  const document: unknown = await (await fetch(`${url}/openapi.json`)).json();
  const operations = operationsOf(document);
  const choose = chooseBySeed(seed);
  const seen = new Map<string, string[]>(
    operations.flatMap(({ parameters }) =>
      parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => [name, []]),
    ),
  );
  const requests = new FuzzRequests(choose, { operations, schemas: documentSchema.parse(document).components.schemas, seen });
  const agent = new Agent({ keepAlive: true, maxSockets: CALLERS });
  const answers: Record<string, number> = {};
  const problems: string[] = [];
  const reached = new Set<string>();
  let [sent, done, early] = [0, 0, 0];

  const one = async (): Promise<void> => {
    if (sent % RAW_EVERY === 0) {
      const { sent: raw, text } = await sendRaw(url, choose, RAW_PATIENCE_MS);
      if (/HTTP\/1\.1 5\d\d|set-cookie: x=1|\n\s+at /.test(text))
        problems.push(`raw ${JSON.stringify(raw.slice(0, 200))}: ${text.slice(0, 300)}`);
      tally('raw', Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? -1));
      return;
    }
    const request = requests.next();
    const title = `${request.method} ${request.path.slice(0, 300)} ${JSON.stringify(request.headers).slice(0, 200)} ${(request.body ?? '').slice(0, 300)}`;
    try {
      const answer = await sendRequest(url, request, { agent, timeoutMs: TIMEOUT_MS });
      tally(request.kind, answer.status);
      const problem = problemOf(answer);
      if (problem !== undefined) problems.push(`${title}: ${problem}`);
      if (answer.status >= 200 && answer.status < 300) reached.add(`${request.operation.method} ${request.operation.path}`);
      if (/json/.test(answer.contentType)) harvest(answer.text, seen);
    } catch (error) {
      problems.push(`${title}: ${String(error)}`);
    }
  };
  const tally = (kind: string, status: number): void => {
    const key = `${kind} ${status === -1 ? 'closed' : `${Math.floor(status / 100)}xx`}`;
    answers[key] = (answers[key] ?? 0) + 1;
  };
  const caller = async (): Promise<void> => {
    while (sent < count && problems.length < PROBLEM_LIMIT) {
      sent += 1;
      await one();
      done += 1;
      if (done === Math.floor(count / 4)) early = memoryOf(pid);
      if (done % 1000 === 0) report(done);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  agent.destroy();
  const health = await fetch(`${url}/health`, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((error: unknown) =>
    String(error),
  );
  if (typeof health === 'string' || health.status !== 200)
    problems.push(`the server is not well in the end: ${JSON.stringify(health)}`);
  const late = memoryOf(pid);
  if (late > early * 1.5 && late - early > GROWTH_MIB) problems.push(`the memory grew from ${early} to ${late} MiB`);
  return { problems, answers, reached: [reached.size, operations.length], memoryMib: [early, late] };
}

/** Remembers the ids in an answer, the latest ones. */
function harvest(text: string, seen: Map<string, string[]>): void {
  for (const [, name = '', value = ''] of text.matchAll(/"(\w+)":"([^"\\]{1,200})"/g)) {
    const known = seen.get(name);
    if (known === undefined || known.includes(value)) continue;
    known.push(value);
    if (known.length > KEPT_IDS) known.shift();
  }
}

/** Resident memory of a process in MiB (Linux); 0 where that cannot be read. */
function memoryOf(pid: number): number {
  try {
    const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Math.round(Number(kib) / 1024);
  } catch {
    return 0;
  }
}
