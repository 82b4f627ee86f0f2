import { mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@loopwright/protocol';
import { ProgramStore } from '@loopwright/edge';
import { type Latencies, postOnce, summary } from './latency.ts';
import { type Subject, startSubject } from './subjects.ts';
import { SCHEMAS, sampleText, textProgram } from './text-program.ts';

/** What many programs cost, and what a switch costs. */
export interface ProgramFigures {
  readonly programs: number;
  /** Memory of the edge process, of one program, in KB; `null` without `/proc`. */
  readonly edgeKbPerProgram: number | null;
  /** Proportional memory of a worker, of one program that it holds, in KB; `null` where the kernel does not say. */
  readonly workerKbPerProgram: number | null;
  /** From the request to the answer for a program that no worker holds. */
  readonly cold: Latencies;
  /** The same request again. */
  readonly warm: Latencies;
  /**
   * From the move of the pointer being on disk to the new version being served, the notice to the edge included: to a version that the edge has
   * never seen, with its hundred warm-up calls and without any; during them the old version is served.
   */
  readonly firstSwitch: { readonly warmedUp: number; readonly cold: number };
  /** The same to a version that it has seen. */
  readonly switching: Latencies;
  /** Requests while versions were switched, and how many of them failed. */
  readonly duringSwitches: { readonly requests: number; readonly failed: number; readonly latency: Latencies };
}

const PROGRAMS = 500;
/** Workers hold twelve programs each. */
const HELD = 12;
const COLD = 200;

/** The edge that is measured, in a process of its own: what is measured here makes garbage too. */
class AskedEdge {
  readonly #url: string;
  readonly #pid: number;
  readonly #agent = new Agent({ keepAlive: true });

  constructor({ url, child }: Subject) {
    this.#url = url;
    this.#pid = child.pid ?? 0;
  }

  /** Time of a request with an input in milliseconds. */
  ask(task: string, seed: number): Promise<number> {
    return postOnce(`${this.#url}/tasks/${task}/execute`, JSON.stringify({ input: { text: sampleText(seed) } }), this.#agent);
  }

  /** Tells it that the active version has moved. */
  refresh(task: string): Promise<number> {
    return postOnce(`${this.#url}/tasks/${task}/refresh`, '{}', this.#agent);
  }

  /** Resident memory in KB; `null` without `/proc`. */
  residentKb(): number | null {
    try {
      return Number(/^VmRSS:\s+(\d+)/mu.exec(readFileSync(`/proc/${this.#pid}/status`, 'latin1'))?.[1] ?? Number.NaN);
    } catch {
      return null;
    }
  }
}

const difference = (more: number | null, less: number | null): number | null =>
  more === null || less === null ? null : more - less;

/** Proportional set size of the jailed processes of this machine that run workers, in KB: no other edge may run beside it. */
function workerKb(): number | null {
  try {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/u.test(name));
    const workers = pids.filter((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
        return (
          line.includes('worker-main') &&
          !line.includes('bwrap') &&
          readFileSync(`/proc/${pid}/status`, 'latin1').includes('Seccomp:\t2')
        );
      } catch {
        return false;
      }
    });
    const sizes = workers.map((pid) =>
      Number(/^Pss:\s+(\d+)/mu.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1] ?? Number.NaN),
    );
    return sizes.length === 0 ? null : sizes.reduce((sum, size) => sum + size, 0);
  } catch {
    return null;
  }
}

/** Loads 500 text programs into one edge and measures it. */
export async function measurePrograms(): Promise<ProgramFigures> {
  await using stack = new AsyncDisposableStack();
  const folder = (): string => mkdtempSync(join(tmpdir(), 'loopwright-bench-programs-'));
  const dir = folder();
  const store = new ProgramStore({ dir, clock: systemClock });
  const source = textProgram();
  for (let n = 0; n < PROGRAMS; n += 1) {
    await store.store(`p${n}`, { id: 'one', source: `${source}\n// ${n}`, metadata: SCHEMAS });
    await store.setActive(`p${n}`, 1, { record: { id: 'one' } });
  }
  const emptyKb = await residentWithout(folder());
  const edge = new AskedEdge(await startSubject('edge', dir, stack));
  const edgeKb = difference(edge.residentKb(), emptyKb);
  const workersBefore = workerKb();
  for (let n = 0; n < HELD; n += 1) await edge.ask(`p${n}`, n);
  const heldKb = difference(workerKb(), workersBefore);
  const cold: number[] = [];
  const warm: number[] = [];
  for (let n = HELD; n < HELD + COLD; n += 1) {
    cold.push(await edge.ask(`p${n}`, n));
    warm.push(await edge.ask(`p${n}`, n));
  }
  const switches = await measureSwitches(edge, store, { source, warm: true });
  const coldSwitches = await measureSwitches(edge, store, { source, warm: false });
  return {
    programs: PROGRAMS,
    edgeKbPerProgram: edgeKb === null ? null : edgeKb / PROGRAMS,
    workerKbPerProgram: heldKb === null ? null : heldKb / HELD,
    cold: summary(cold),
    warm: summary(warm),
    firstSwitch: { warmedUp: switches.times[0] ?? Number.NaN, cold: coldSwitches.times[0] ?? Number.NaN },
    switching: summary([...switches.times.slice(1), ...coldSwitches.times.slice(1)]),
    duringSwitches: { requests: switches.latencies.length, failed: switches.failed, latency: summary(switches.latencies) },
  };
}

/** Memory of an edge without programs, in KB. */
async function residentWithout(dir: string): Promise<number | null> {
  await using stack = new AsyncDisposableStack();
  return new AskedEdge(await startSubject('edge', dir, stack)).residentKb();
}

const SWITCHES = 100;

/** Moves the pointer of a program to and fro while four callers ask for it. */
async function measureSwitches(
  edge: AskedEdge,
  store: ProgramStore,
  { source, warm }: { source: string; warm: boolean },
): Promise<{ times: number[]; latencies: number[]; failed: number }> {
  const name = warm ? 'warm' : 'cold';
  const metadata = { ...SCHEMAS, metadata: warm ? { warmup_inputs: [{ text: sampleText(1) }] } : {} };
  for (const id of ['one', 'two']) await store.store(name, { id, source: `${source}\n// ${name} ${id}`, metadata });
  await store.setActive(name, 1, { record: { id: 'first' } });
  await edge.ask(name, 1);
  const latencies: number[] = [];
  let failed = 0;
  const done = new AbortController();
  const callers = Array.from({ length: 4 }, async () => {
    for (let seed = 0; !done.signal.aborted; seed += 1)
      await edge.ask(name, seed).then(
        (time) => latencies.push(time),
        () => (failed += 1),
      );
  });
  const times: number[] = [];
  for (let count = 0; count < SWITCHES; count += 1) {
    await store.setActive(name, count % 2 === 0 ? 2 : 1, { record: { id: `move-${count}` } });
    times.push(await edge.refresh(name));
  }
  done.abort();
  await Promise.all(callers);
  return { times, latencies, failed };
}
