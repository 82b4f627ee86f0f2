import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { type TestServer, startTestServer } from '../server-fixture.ts';

/** Where a process dies: before the effect `later` places behind the `times`-th one whose description `at` fits (see `fixtures/crash-point.ts`). */
export interface CrashPoint {
  readonly at: string;
  readonly times?: number;
  readonly later?: number;
}

/** An answer that no repetition changes. */
class RefusedError extends Error {}

const PRELOAD = pathToFileURL(join(import.meta.dirname, 'fixtures/crash-point.ts')).href;

/** A server that dies at one point after the other and is started again each time: its callers see only that it is away for a while. */
export class CrashingServer implements AsyncDisposable {
  readonly #flags: readonly string[];
  readonly #points: CrashPoint[];
  #server: TestServer | undefined;
  #isClosed = false;
  #watching: Promise<void> = Promise.resolve();
  /** What each process was killed before, in order. */
  readonly killedBefore: string[] = [];

  private constructor(flags: readonly string[], points: readonly CrashPoint[]) {
    this.#flags = flags;
    this.#points = [...points];
  }

  /** Starts the first process; each has one of the points, and the one behind the last point has none. */
  static async start(flags: readonly string[], points: readonly CrashPoint[]): Promise<CrashingServer> {
    const server = new CrashingServer(flags, points);
    await server.#next();
    return server;
  }

  /** Sends a request again until it has an answer that is no failure of the server; throws for a refusal. */
  async ask(method: 'GET' | 'POST', path: string, { body, key }: { body?: object; key?: string } = {}): Promise<unknown> {
    for (const end = performance.now() + 120_000; ;) {
      try {
        const headers = { 'x-user-id': 'ann', 'x-user-email': 'a@b.c', ...(key === undefined ? {} : { 'idempotency-key': key }) };
        const sent = body === undefined ? {} : { body: JSON.stringify(body) };
        const type = body === undefined ? {} : { 'content-type': 'application/json' };
        const response = await fetch(`${this.#server?.url}${path}`, { method, headers: { ...headers, ...type }, ...sent });
        // 202: the phase takes long, or the server ends; the same key asks for its end.
        if (response.status < 300 && response.status !== 202) return await response.json();
        const text = await response.text();
        // Behind the end of a phase its checkpoint is made before the next gate opens.
        const isWorking = response.status === 409 && text.includes('PHASE_UNDER_WAY') && path.endsWith('/next');
        if (response.status < 500 && response.status !== 202 && !isWorking)
          throw new RefusedError(`${path}: ${response.status} ${text}`);
      } catch (error) {
        if (error instanceof RefusedError) throw error;
      }
      if (performance.now() > end) throw new Error(`Cannot go on: ${path} has no answer (${this.killedBefore.join('; ')})`);
      await delay(20);
    }
  }

  /** Uploads labelled examples, one JSON object a line; gives their digest. */
  async upload(lines: string): Promise<string> {
    const headers = { 'content-type': 'application/x-ndjson', 'x-user-id': 'ann' };
    const response = await fetch(`${this.#server?.url}/api/v1/examples`, { method: 'POST', headers, body: lines });
    return z.looseObject({ digest: z.string() }).parse(await response.json()).digest;
  }

  /** Sends a request once; `undefined` when the server died before it had answered. Resolves when there is one again. */
  async askOnce(path: string, { body, key }: { body: object; key: string }): Promise<unknown> {
    const died = this.killedBefore.length;
    const headers = { 'x-user-id': 'ann', 'content-type': 'application/json', 'idempotency-key': key };
    try {
      const response = await fetch(`${this.#server?.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
      return await response.json();
    } catch {
      for (const end = performance.now() + 60_000; this.killedBefore.length === died; await delay(10))
        if (performance.now() > end) throw new Error(`Cannot go on: ${path} was cut off, and the server lives`);
      await this.ask('GET', '/health');
      return undefined;
    }
  }

  /** Ends it for good, as an operator would. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#server?.stop();
    await this.#watching;
  }

  async #next(): Promise<void> {
    const point = this.#points.shift();
    const environment = {
      LOOPWRIGHT_MODEL_API_KEY: 'a-key-of-the-test',
      ...(point === undefined ? {} : { CRASH_POINT: JSON.stringify(point), NODE_OPTIONS: `--import=${PRELOAD}` }),
    };
    try {
      this.#server = await startTestServer(this.#flags, environment);
    } catch (error) {
      // A point may lie in the start itself.
      const killed = /killed before .*/.exec(String(error))?.[0];
      if (killed === undefined || this.killedBefore.length > 1000) throw error;
      this.killedBefore.push(killed);
      return this.#next();
    }
    this.#watching = this.#watch(this.#server);
  }

  async #watch(server: TestServer): Promise<void> {
    await once(server.process, 'exit');
    const killed = server.log.findLast((line) => line.startsWith('killed before'));
    if (killed !== undefined) this.killedBefore.push(killed);
    if (!this.#isClosed) await this.#next();
  }
}
