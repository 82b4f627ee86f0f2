import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemRandom } from '@loopwright/protocol';
import { type Edge, ProgramStore, createEdge, openJail } from '@loopwright/edge';
import { type Latencies, summary } from './latency.ts';
import { SCHEMAS, sampleText, textProgram } from './text-program.ts';

/** What many programs cost, and what a switch costs. */
export interface ProgramFigures {
  readonly programs: number;
  /** Memory of the edge process, of one program, in KB. */
  readonly edgeKbPerProgram: number;
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

async function ask(edge: Edge, task: string, seed: number): Promise<number> {
  const start = performance.now();
  const { statusCode, body } = await edge.app.inject({
    method: 'POST',
    url: `/tasks/${task}/execute`,
    payload: { input: { text: sampleText(seed) } },
  });
  if (statusCode !== 200) throw new Error(`Cannot measure: ${body}`);
  return performance.now() - start;
}

/** Proportional set size of the processes that this one has started, by those that run workers, in KB. */
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
  const dir = mkdtempSync(join(tmpdir(), 'loopwright-bench-programs-'));
  const store = new ProgramStore({ dir, clock: systemClock });
  const source = textProgram();
  for (let n = 0; n < PROGRAMS; n += 1) {
    await store.store(`p${n}`, { id: 'one', source: `${source}\n// ${n}`, metadata: SCHEMAS });
    await store.setActive(`p${n}`, 1, { record: { id: 'one' } });
  }
  const jail = await openJail({ policy: 'preferred', clock: systemClock });
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  const edge = await createEdge({ dataDir: dir, sandbox: { jail }, clock: systemClock, random: systemRandom });
  globalThis.gc?.();
  const edgeKbPerProgram = (process.memoryUsage().rss - before) / 1024 / PROGRAMS;
  try {
    const workersBefore = workerKb();
    for (let n = 0; n < HELD; n += 1) await ask(edge, `p${n}`, n);
    const workersAfter = workerKb();
    const workerKbPerProgram = workersBefore === null || workersAfter === null ? null : (workersAfter - workersBefore) / HELD;
    const cold: number[] = [];
    const warm: number[] = [];
    for (let n = HELD; n < 212; n += 1) {
      cold.push(await ask(edge, `p${n}`, n));
      warm.push(await ask(edge, `p${n}`, n));
    }
    const switches = await measureSwitches(edge, store, { source, warm: true });
    const coldSwitches = await measureSwitches(edge, store, { source, warm: false });
    return {
      programs: PROGRAMS,
      edgeKbPerProgram,
      workerKbPerProgram,
      cold: summary(cold),
      warm: summary(warm),
      firstSwitch: { warmedUp: switches.times[0] ?? Number.NaN, cold: coldSwitches.times[0] ?? Number.NaN },
      switching: summary([...switches.times.slice(1), ...coldSwitches.times.slice(1)]),
      duringSwitches: { requests: switches.latencies.length, failed: switches.failed, latency: summary(switches.latencies) },
    };
  } finally {
    await edge.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

const SWITCHES = 100;

/** Moves the pointer of a program to and fro while four callers ask for it. */
async function measureSwitches(
  edge: Edge,
  store: ProgramStore,
  { source, warm }: { source: string; warm: boolean },
): Promise<{ times: number[]; latencies: number[]; failed: number }> {
  const name = warm ? 'warm' : 'cold';
  const metadata = { ...SCHEMAS, metadata: warm ? { warmup_inputs: [{ text: sampleText(1) }] } : {} };
  for (const id of ['one', 'two']) await store.store(name, { id, source: `${source}\n// ${name} ${id}`, metadata });
  await store.setActive(name, 1, { record: { id: 'first' } });
  await ask(edge, name, 1);
  const latencies: number[] = [];
  let failed = 0;
  const done = new AbortController();
  const callers = Array.from({ length: 4 }, async () => {
    for (let seed = 0; !done.signal.aborted; seed += 1)
      await ask(edge, name, seed).then(
        (time) => latencies.push(time),
        () => (failed += 1),
      );
  });
  const times: number[] = [];
  for (let count = 0; count < SWITCHES; count += 1) {
    const version = count % 2 === 0 ? 2 : 1;
    await store.setActive(name, version, { record: { id: `move-${count}` } });
    const start = performance.now();
    const { statusCode } = await edge.app.inject({ method: 'POST', url: `/tasks/${name}/refresh` });
    if (statusCode !== 200) throw new Error(`Cannot measure: status ${statusCode}`);
    times.push(performance.now() - start);
  }
  done.abort();
  await Promise.all(callers);
  return { times, latencies, failed };
}
