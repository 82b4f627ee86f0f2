import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@loopwright/protocol';
import { Pool } from 'undici';
import { z } from 'zod';
import type { Ledger } from './ledger.ts';
import { CONNECTIONS, FAILS_AT, MEASURING_CALLERS, PROGRAMS, UNDER_WAY_MAX } from './limits.ts';

const answerSchema = z.object({
  output: z.object({ n: z.int(), made_by: z.string() }).optional(),
  message: z.string().optional(),
});
type Answer = z.infer<typeof answerSchema>;
/** What a request that its program refused says, and one whose worker was killed. */
const WANTED_FAILURE = 'refused as it should';
const WORKER_DIED = 'ended its worker process';

/** What may answer now; replaced, never changed. By program. */
export type Allowed = ReadonlyMap<string, readonly number[]>;

/** Everybody who calls the programs, at a rate; keeps in the ledger what was acknowledged. */
export class Traffic {
  readonly #ledger: Ledger;
  #pool: Pool | undefined;
  /** Counts the edges; a request that was sent to an earlier one may fail. */
  #life = 0;
  #next = 0;
  #underWay = 0;
  allowed: Allowed = new Map();
  /** Requests that got no answer because the edge was killed, and those that lost their worker. */
  lostToEdge = 0;
  lostToWorker = 0;
  /** Deaths by program and version, `name@version`. */
  readonly deaths = new Map<string, number>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Sends to an edge from now on. */
  connect(url: string): void {
    this.#pool = new Pool(url, { connections: CONNECTIONS, pipelining: 1 });
  }

  /** Sends to nobody: the edge is about to be killed, and what is under way may fail. */
  disconnect(): void {
    this.#life += 1;
    const pool = this.#pool;
    this.#pool = undefined;
    // Only after the kill: those under way are to see it.
    void delay(1000).then(() => pool?.destroy());
  }

  /** Requests without an answer yet. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Sends requests/s until the signal; what could not be sent because nobody listened is left out. */
  async flow(perSecond: number, signal: AbortSignal): Promise<void> {
    let last = performance.now();
    let due = 0;
    while (!signal.aborted) {
      await delay(5);
      const now = performance.now();
      due = Math.min(due + ((now - last) / 1000) * perSecond, perSecond / 4 + 1);
      last = now;
      if (this.#pool === undefined) due = 0;
      for (; due >= 1 && this.#underWay < UNDER_WAY_MAX; due -= 1) void this.#send();
    }
  }

  /** Sends as much as the edge takes and gives the answers a second. */
  async measure(milliseconds: number): Promise<number> {
    const end = performance.now() + milliseconds;
    const before = this.#ledger.acknowledged;
    const call = async (): Promise<void> => {
      while (performance.now() < end) await this.#send();
    };
    await Promise.all(Array.from({ length: MEASURING_CALLERS }, call));
    return ((this.#ledger.acknowledged - before) / milliseconds) * 1000;
  }

  async #send(): Promise<void> {
    const pool = this.#pool;
    const program = PROGRAMS[this.#next % PROGRAMS.length]?.name ?? '';
    if (pool === undefined) return;
    const life = this.#life;
    const allowed = this.allowed.get(program) ?? [];
    const n = (this.#next += 1);
    this.#underWay += 1;
    try {
      const body = JSON.stringify({ task_id: program, input: { n, text: `the text of request ${n} has a few words` } });
      const headers = { 'content-type': 'application/json' };
      const response = await pool.request({ path: '/execute', method: 'POST', headers, body });
      const answer = answerSchema.parse(await response.body.json());
      const version = Number(response.headers['x-program-version']);
      const may = [...allowed, ...(this.allowed.get(program) ?? [])];
      if (!may.includes(version) && !Number.isNaN(version))
        this.#ledger.problem(`request ${n} was answered by version ${version} of ${program}, allowed are ${may.join(', ')}`);
      const id = String(response.headers['x-execution-id']);
      const status = this.#judge({ n, program, version }, response.statusCode, answer);
      if (status !== undefined) this.#ledger.acknowledge(n, { id, program, version, status });
    } catch (error) {
      if (life === this.#life)
        this.#ledger.problem(`request ${n} to ${program} failed while no edge was killed: ${messageOf(error)}`);
      else this.lostToEdge += 1;
    } finally {
      this.#underWay -= 1;
    }
  }

  /** How an answer is to be recorded; `undefined`: not at all. */
  #judge(
    { n, program, version }: { n: number; program: string; version: number },
    statusCode: number,
    { output, message = '' }: Answer,
  ): 'success' | 'error' | undefined {
    const mustFail = n % FAILS_AT === 0;
    if (statusCode === 200) {
      if (mustFail || output?.n !== n || output.made_by !== `${program} ${version}`)
        this.#ledger.problem(`request ${n} to version ${version} of ${program} got ${JSON.stringify(output)}`);
      return 'success';
    }
    if (statusCode === 422 && message.includes(WORKER_DIED)) {
      this.lostToWorker += 1;
      const key = `${program}@${version}`;
      this.deaths.set(key, (this.deaths.get(key) ?? 0) + 1);
      return 'error';
    }
    if (statusCode === 422 && mustFail && message.includes(WANTED_FAILURE)) return 'error';
    this.#ledger.problem(`request ${n} to version ${version} of ${program} got ${statusCode}: ${message}`);
    return undefined;
  }
}

/** The source of a version: it says by whom it was made, and throws at every so many-th request. */
export function sourceOf(name: string, version: number): string {
  return [
    'export function run({ n, text }: { n: number; text: string }) {',
    `  if (n % ${FAILS_AT} === 0) throw new Error('${WANTED_FAILURE}');`,
    `  return { n, made_by: '${name} ${version}', words: text.split(' ').length };`,
    '}',
  ].join('\n');
}
