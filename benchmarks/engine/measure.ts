import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Parked, Subject } from './subject.ts';

/** Figures of one load. Times in milliseconds. */
export interface LoadFigures {
  readonly callers: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** How late the event loop came to a timer of 1 ms, 99th percentile; `null` when it never came to it. */
  readonly loopDelayP99: number | null;
  /** Processor time of this process for each workflow, in microseconds. */
  readonly cpuMicroseconds: number;
}

/** Runs workflows in a closed loop: each caller starts the next one when its last one has ended. The first fifth is for warming up. */
export async function measureLoad(subject: Subject, callers: number, seconds: number): Promise<LoadFigures> {
  await loop(subject, callers, seconds / 5);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const cpuBefore = process.cpuUsage();
  delay.enable();
  const { latencies, elapsed } = await loop(subject, callers, seconds);
  delay.disable();
  const cpu = process.cpuUsage(cpuBefore);
  return {
    callers,
    perSecond: latencies.length / elapsed,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    loopDelayP99: delay.count === 0 ? null : delay.percentile(99) / 1e6,
    cpuMicroseconds: (cpu.user + cpu.system) / latencies.length,
  };
}

async function loop(subject: Subject, callers: number, seconds: number): Promise<{ latencies: number[]; elapsed: number }> {
  const latencies: number[] = [];
  const started = performance.now();
  const until = started + seconds * 1000;
  const caller = async (): Promise<void> => {
    for (let at = performance.now(); at < until; at = performance.now()) {
      await subject.run();
      latencies.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return { latencies, elapsed: (performance.now() - started) / 1000 };
}

/** Wakes parked executions one at a time: milliseconds from the answer to the first line after the question. */
export async function measureWake(
  { park }: Required<Pick<Subject, 'park'>>,
  { parked, samples }: { parked: number; samples: number },
): Promise<{ parked: number; p50: number; p99: number; megabytes: number }> {
  const waiting: Parked[] = [];
  const slots = Array.from({ length: Math.min(100, parked) }, async () => {
    while (waiting.length < parked) waiting.push(await park());
  });
  await Promise.all(slots);
  const megabytes = process.memoryUsage().rss / 2 ** 20;
  const latencies: number[] = [];
  for (let sample = 0; sample < samples + WARM_UP; sample += 1) {
    // Each is woken once: one that was parked long ago, so that nothing of it is in a cache, or else a new one beside those that are parked.
    const isEnough = waiting.length >= samples + WARM_UP;
    const chosen = isEnough ? waiting[Math.floor((sample * waiting.length) / (samples + WARM_UP))] : undefined;
    const one = chosen ?? (await park());
    const at = performance.now();
    await one.wake();
    if (sample >= WARM_UP) latencies.push(performance.now() - at);
  }
  return { parked, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99), megabytes };
}

const WARM_UP = 20;

/** The value below which a share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
