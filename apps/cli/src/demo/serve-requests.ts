import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type Json, PlatformError } from '@loopwright/protocol';

/** What serving many requests was like. Latencies in milliseconds, as the caller saw them. */
export interface ServedReport {
  readonly requests: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Requests that were sent again because the server had gone away. */
  readonly repeated: number;
}

/** How many requests are under way at once. */
const CONCURRENCY = 16;
/** How long one request is repeated before the demo gives up, in milliseconds. */
const PATIENCE_MS = 120_000;
const PAUSE_MS = 50;

/** Sends requests to `POST /execute` of the edge, every input in turn until `count` are answered; each must succeed. */
export async function serveRequests(
  edgeUrl: () => Promise<string>,
  { program, inputs, count, onAnswer }: { program: string; inputs: readonly Json[]; count: number; onAnswer: () => void },
): Promise<ServedReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  const latencies = new Float64Array(count);
  let next = 0;
  let repeated = 0;
  let url = await edgeUrl();
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      const body = JSON.stringify({ task_id: program, input: inputs[index % inputs.length] });
      const giveUp = Date.now() + PATIENCE_MS;
      for (;;) {
        const started = performance.now();
        const answer = await post(agent, url, body);
        if (answer.status === 200) {
          latencies[index] = performance.now() - started;
          onAnswer();
          break;
        }
        const retryable = answer.status === 0 || answer.status === 503 || answer.status === 409;
        if (!retryable || Date.now() > giveUp) {
          throw new PlatformError(
            'PROGRAM_FAILED',
            `Cannot serve the request ${index}: the edge answered ${answer.status} ${answer.text.slice(0, 300)}`,
          );
        }
        repeated += 1;
        await delay(PAUSE_MS);
        url = await edgeUrl();
      }
    }
  };
  const begun = performance.now();
  try {
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  } finally {
    agent.destroy();
  }
  const seconds = (performance.now() - begun) / 1000;
  latencies.sort();
  const at = (share: number): number => latencies[Math.min(count - 1, Math.floor(count * share))] ?? 0;
  return { requests: count, seconds, perSecond: count / seconds, p50: at(0.5), p99: at(0.99), repeated };
}

/** Status 0: there was no answer. */
function post(agent: Agent, base: string, body: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    const gone = (error: Error): void => resolve({ status: 0, text: error.message });
    const call = request(
      new URL('/execute', base),
      { method: 'POST', agent, headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }));
        response.on('error', gone);
      },
    );
    call.on('error', gone);
    call.end(body);
  });
}
