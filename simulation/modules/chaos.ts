// C1. Every request ends, with an answer or with an error of the catalogue, within its time and what the loop of this process was late.
// C2. What this process holds when all is quiet again does not grow: handles, sockets, memory, processes.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { PlatformError, type Random, seededRandom } from '@loopwright/protocol';
import type { ModuleSpec } from '../../apps/server/src/modules/module-spec.ts';
import { Supervisor } from '../../apps/server/src/modules/supervisor.ts';
import { DEEDS, SHARES } from './deeds.ts';

/** How much chaos. */
export interface ChaosOptions {
  readonly seed: number;
  /** It goes on until there were so many requests and so many restarts of processes. */
  readonly requests: number;
  readonly restarts: number;
  /** Time of a request, in milliseconds. */
  readonly timeoutMs: number;
  readonly callers: number;
  /** Makes garbage go, so that what is left is held. */
  readonly collect: () => void;
  readonly onProgress?: (text: string) => void;
}

/** What there is in this process when all is quiet. */
export interface Held {
  readonly descriptors: number;
  readonly children: number;
  /** Handles and requests of Node, by kind. */
  readonly resources: Readonly<Record<string, number>>;
  readonly heapMb: number;
}

/** How it went. */
export interface ChaosReport {
  readonly requests: number;
  readonly restarts: number;
  readonly answers: number;
  /** Errors by code. */
  readonly errors: Readonly<Record<string, number>>;
  /** What was neither an answer nor an error of the catalogue. */
  readonly unclean: readonly string[];
  /** The most that a request took beyond its time, and the most that the loop was late, in milliseconds. */
  readonly worstOverrunMs: number;
  readonly worstLoopDelayMs: number;
  readonly afterWarmUp: Held;
  readonly atEnd: Held;
  readonly afterStop: Held;
  readonly logLines: number;
  readonly peakMb: number;
}

/** Requests before what is held is counted for the first time: what is made once is there then. */
const WARM_UP_SHARE = 0.2;

function moduleOf(id: string, more: Partial<ModuleSpec>): ModuleSpec {
  const entry = join(import.meta.dirname, '../../apps/server/src/modules/fixtures/plain-child.ts');
  return { id, launch: { kind: 'node', entry }, listen: '127.0.0.1:0', env: { MODE: 'well' }, ...more };
}

const MODULES: readonly ModuleSpec[] = [
  moduleOf('channel', {}),
  moduleOf('socket', { env: { MODE: 'tcp' } }),
  moduleOf('both', { env: { MODE: 'tcp' }, channels: ['ipc', 'tcp'] }),
];

/** Runs modules that do all that a module should not, under load, and says what came of it. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, timeoutMs, collect, onProgress = () => undefined } = options;
  const random = seededRandom(seed);
  let logLines = 0;
  const supervisor = new Supervisor({
    modules: MODULES,
    orchestratorApi: 'http://127.0.0.1:1',
    log: () => void (logLines += 1),
    times: { backOffMinMs: 5, backOffMaxMs: 20, heartbeatMs: 150, drainMs: 500, patienceMs: timeoutMs },
  });
  supervisor.start();
  const loop = monitorEventLoopDelay({ resolution: 10 });
  loop.enable();
  const ledger = new Ledger(options);
  const restarts = (): number => supervisor.state().reduce((sum, state) => sum + state.restarts, 0);
  const callers = (isOver: () => boolean): Promise<unknown> =>
    Promise.all(
      Array.from({ length: options.callers }, async () => {
        while (!isOver()) await ledger.ask(supervisor, random);
      }),
    );
  const phase = async (isOver: () => boolean): Promise<void> => {
    const replacing = replaceNowAndThen(supervisor, random);
    await callers(isOver);
    await replacing.end();
  };
  await phase(() => ledger.requests >= options.requests * WARM_UP_SHARE && restarts() >= options.restarts * WARM_UP_SHARE);
  const afterWarmUp = await holdStill(supervisor, collect);
  onProgress(`after ${ledger.requests} requests and ${restarts()} restarts: ${JSON.stringify(afterWarmUp)}`);
  await phase(() => ledger.requests >= options.requests && restarts() >= options.restarts);
  const atEnd = await holdStill(supervisor, collect);
  const total = restarts();
  await supervisor.stop();
  collect();
  return {
    requests: ledger.requests,
    restarts: total,
    answers: ledger.answers,
    errors: Object.fromEntries(ledger.errors),
    unclean: ledger.unclean,
    worstOverrunMs: Math.round(ledger.worstOverrunMs),
    worstLoopDelayMs: Math.round(loop.max / 1e6),
    afterWarmUp,
    atEnd,
    afterStop: held(),
    logLines,
    peakMb: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}

/** Counts what came of requests. */
class Ledger {
  readonly #options: ChaosOptions;
  requests = 0;
  answers = 0;
  worstOverrunMs = 0;
  readonly errors = new Map<string, number>();
  readonly unclean: string[] = [];

  constructor(options: ChaosOptions) {
    this.#options = options;
  }

  async ask(supervisor: Supervisor, random: Random): Promise<void> {
    const { timeoutMs } = this.#options;
    const module = MODULES[Math.floor(random.next() * MODULES.length)]?.id ?? '';
    const uri = chooseDeed(random);
    const body = Buffer.from('x'.repeat(random.next() < 0.5 ? 10 : 3000));
    const method = random.next() < 0.3 ? 'GET' : 'POST';
    this.requests += 1;
    const began = performance.now();
    try {
      const answer = await supervisor.request(module, { method, uri, timeoutMs, body: method === 'GET' ? null : body });
      this.#took(performance.now() - began - timeoutMs);
      await readToEnd(answer.body);
      this.answers += 1;
    } catch (error) {
      if (error instanceof PlatformError && error.code !== 'INTERNAL_ERROR')
        this.errors.set(error.code, (this.errors.get(error.code) ?? 0) + 1);
      else this.unclean.push(`${uri} of ${module}: ${String(error)}`);
    }
    // A body has this time from one piece to the next; none of ours is slow and whole.
    this.#took(performance.now() - began - 2 * timeoutMs);
  }

  #took(overrunMs: number): void {
    this.worstOverrunMs = Math.max(this.worstOverrunMs, overrunMs);
  }
}

function chooseDeed(random: Random): string {
  let lot = random.next() * 1000;
  for (const [kind, share] of SHARES) {
    lot -= share;
    const deeds = DEEDS[kind];
    if (lot < 0) return deeds[Math.floor(random.next() * deeds.length)] ?? '/well';
  }
  return '/well';
}

async function readToEnd(body: Uint8Array | ReadableStream<Uint8Array> | null): Promise<void> {
  if (!(body instanceof ReadableStream)) return;
  for await (const _chunk of body);
}

/** Every now and then a module is replaced, also one that is about to die. */
function replaceNowAndThen(supervisor: Supervisor, random: Random): { end(): Promise<void> } {
  const over = new AbortController();
  const ended = (async () => {
    while (!over.signal.aborted) {
      await delay(300 + random.next() * 700, undefined, { signal: over.signal }).catch(() => undefined);
      const module = supervisor.modules.find(({ status }) => status === 'running');
      if (!over.signal.aborted && module !== undefined) await module.replace().catch(() => undefined);
    }
  })();
  return {
    end: async () => {
      over.abort();
      await ended;
    },
  };
}

/** Waits until nothing is under way and every module runs, and counts what there is. */
async function holdStill(supervisor: Supervisor, collect: () => void): Promise<Held> {
  const isQuiet = (): boolean =>
    supervisor.modules.every(
      ({ status, isReplacing, requestsInFlight }) => status === 'running' && !isReplacing && requestsInFlight === 0,
    ) && held().children === MODULES.length;
  for (const end = performance.now() + 20_000; !isQuiet() && performance.now() < end;) await delay(50);
  // Connections are kept for the next request, and end with their module: new runs have none.
  for (const module of supervisor.modules) await module.replace();
  for (const end = performance.now() + 20_000; !isQuiet() && performance.now() < end;) await delay(50);
  await delay(100);
  collect();
  return held();
}

function held(): Held {
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    children: readChildren(),
    resources,
    heapMb: Math.round((process.memoryUsage().heapUsed / 1024 / 1024) * 10) / 10,
  };
}

function readChildren(): number {
  return readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean).length;
}
