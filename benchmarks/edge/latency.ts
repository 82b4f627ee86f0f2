import { Agent, request } from 'node:http';

/** Times of single requests, in milliseconds. */
export interface Latencies {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
}

/** Sends a body once over a connection that is kept, and gives the time until the last byte of the answer, in milliseconds. */
export function postOnce(url: string, body: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.once('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - start);
        else reject(new Error(`Cannot measure ${url}: status ${response.statusCode ?? 0}`));
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

/** Asks again and again with some callers, each after its last answer, and gives the times of all. */
export async function timesOf(
  url: string,
  body: string,
  { callers, count }: { callers: number; count: number },
): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: callers });
  const times: number[] = [];
  let left = count;
  const call = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      times.push(await postOnce(url, body, agent));
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  agent.destroy();
  return times;
}

/** Mean and percentiles of times. */
export function summary(times: readonly number[]): Latencies {
  const sorted = times.toSorted((one, other) => one - other);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { mean: sorted.reduce((sum, time) => sum + time, 0) / sorted.length, p50: at(0.5), p99: at(0.99) };
}
