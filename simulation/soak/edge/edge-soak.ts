import { setTimeout as delay } from 'node:timers/promises';
import { type Random, messageOf, systemClock } from '@loopwright/protocol';
import { type Census, type Growth, growthOf, leaks, takeCensus } from './census.ts';
import { type EdgeVictim, startEdge } from './edge-victim.ts';
import { Harvest } from './harvest.ts';
import { Ledger } from './ledger.ts';
import { MEASURING_MS, SETTLED_MS } from './limits.ts';
import { Operator } from './operator.ts';
import { shortDays } from './short-days.ts';
import { Traffic } from './traffic.ts';

/** How an edge is soaked. */
export interface EdgeSoakOptions {
  /** An empty folder. */
  readonly dir: string;
  /** How long all of it takes, and how long of that edges are killed, in milliseconds; the last edge lives from then to the end. */
  readonly milliseconds: number;
  readonly killingMs: number;
  /** From one kill of the edge to the next, in milliseconds; by chance up to half more or less. */
  readonly killEveryMs: number;
  /** Requests/s; `null`: half of what the edge manages. */
  readonly perSecond: number | null;
  /** How long a day lasts. */
  readonly dayMs: number;
  /** What must have come about, however long that takes; without it the time alone counts. */
  readonly isEnough?: (acknowledged: number, deeds: Readonly<Record<string, number>>) => boolean;
  /** Pause between two deeds of the operator. */
  readonly stepMs: number;
  readonly random: Random;
  readonly report: (line: string) => void;
}

/** What {@link soakEdge} found. */
export interface EdgeSoakResult {
  /** What is wrong, in words; empty when nothing is. */
  readonly problems: readonly string[];
  readonly jail: string;
  readonly perSecond: number;
  readonly acknowledged: number;
  readonly stored: number;
  readonly edgeKills: number;
  readonly lostToEdge: number;
  readonly lostToWorker: number;
  readonly deeds: Readonly<Record<string, number>>;
  readonly days: { days: number; deletedDays: number; compressedDays: number; tornLines: number };
  /** `null`: too few samples to judge, because the last edge did not live long enough. */
  readonly growth: Growth | null;
}

/** Sends requests to an edge that is killed and changed in every way, and looks for what was acknowledged. */
export async function soakEdge(options: EdgeSoakOptions): Promise<EdgeSoakResult> {
  const { dir, dayMs, random, report } = options;
  const origin = Math.floor(systemClock.now() / 86_400_000) * 86_400_000;
  const calendar = shortDays(origin, dayMs);
  const ledger = new Ledger();
  const traffic = new Traffic(ledger);
  const harvest = new Harvest(dir, calendar, ledger);
  let edge: EdgeVictim | undefined;
  const operator = new Operator({ dir, traffic, random, stepMs: options.stepMs, edge: () => edge });
  await operator.begin();
  let edgeKills = 0;
  const over = new AbortController();
  const watch = async (victim: EdgeVictim): Promise<void> => {
    const how = await victim.ended;
    if (edge !== victim) return;
    ledger.problem(`the edge ended by itself: ${how}`);
    over.abort();
  };
  const start = async (): Promise<EdgeVictim> => {
    const victim = await startEdge(dir, origin, dayMs);
    edge = victim;
    traffic.connect(victim.url);
    void watch(victim);
    return victim;
  };
  const kill = async (): Promise<void> => {
    const victim = edge;
    edge = undefined;
    traffic.disconnect();
    const orphans = (await victim?.kill()) ?? [];
    if (orphans.length > 0) ledger.problem(`${orphans.length} workers outlive their edge`);
    edgeKills += 1;
  };
  const { jail } = await start();
  const perSecond = options.perSecond ?? (await traffic.measure(MEASURING_MS)) / 2;
  report(`the edge (jail: ${jail}) gets ${perSecond.toFixed(0)} requests/s`);

  const began = performance.now();
  const left = (until: number): number => began + until - performance.now();
  const loops = [
    traffic.flow(perSecond, over.signal),
    operator.work(over.signal),
    repeat(() => harvest.read(), dayMs / 2, over.signal),
  ].map((loop) =>
    loop.catch((error: unknown) => {
      ledger.problem(messageOf(error));
      over.abort();
    }),
  );
  while (!over.signal.aborted && left(options.killingMs) > 0) {
    await pause(options.killEveryMs * (0.5 + random.next()), over.signal);
    await kill();
    await start();
  }
  const bornAt = performance.now();
  const samples: Census[] = [];
  const isEnough = (): boolean => options.isEnough?.(ledger.acknowledged, operator.done) ?? true;
  for (let second = 1; !over.signal.aborted && (left(options.milliseconds) > 0 || !isEnough()); second += 1) {
    const leftMs = left(options.milliseconds);
    await pause(leftMs > 0 ? Math.min(1000, leftMs) : 1000, over.signal);
    const now = performance.now();
    const isCalm = now - operator.disturbedAt > 2000 && now - bornAt > SETTLED_MS;
    if (edge !== undefined && isCalm && !over.signal.aborted) samples.push(takeCensus(edge.pid));
    if (second % 60 === 0) report(ledger.summary());
  }
  report(`at the end ${traffic.underWay} requests are under way`);
  await kill();
  // The operator may wait for an edge: it is given one.
  over.abort();
  await start();
  await Promise.all(loops);
  await kill();
  const growth = growthOf(samples) ?? null;
  if (growth !== null) for (const leak of leaks(growth)) ledger.problem(leak);
  const days = await harvest.close();
  if (traffic.lostToWorker > (operator.done['kill'] ?? 0))
    ledger.problem(`${traffic.lostToWorker} requests lost their worker, more than were killed`);
  return {
    problems: ledger.problems,
    jail,
    perSecond,
    acknowledged: ledger.acknowledged,
    stored: ledger.stored,
    edgeKills,
    lostToEdge: traffic.lostToEdge,
    lostToWorker: traffic.lostToWorker,
    deeds: operator.done,
    days,
    growth,
  };
}

async function repeat(work: () => Promise<void>, everyMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await pause(everyMs, signal);
    await work();
  }
}

/** Waits, or until the signal. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => undefined);
}
