import type { ChaosReport, Held } from './chaos.ts';

/** What a process that leaks nothing may have more at the end than after its warm-up. */
const SPARE = { descriptors: 8, resources: 12, heapMb: 16 };

/** What is wrong with a report, in words; nothing when all is well. */
export function problemsOf(report: ChaosReport): string[] {
  const { requests, answers, errors, unclean, afterWarmUp, atEnd, afterStop } = report;
  const counted = Object.values(errors).reduce((sum, count) => sum + count, answers);
  const problems = unclean.slice(0, 5).map((text) => `not clean: ${text}`);
  if (counted + unclean.length !== requests) problems.push(`${requests - counted - unclean.length} requests have no end`);
  for (const key of ['descriptors', 'heapMb'] as const)
    if (atEnd[key] > afterWarmUp[key] + SPARE[key]) problems.push(`${key} grew from ${afterWarmUp[key]} to ${atEnd[key]}`);
  if (sizeOf(atEnd) > sizeOf(afterWarmUp) + SPARE.resources)
    problems.push(`handles grew from ${JSON.stringify(afterWarmUp.resources)} to ${JSON.stringify(atEnd.resources)}`);
  if (atEnd.children !== afterWarmUp.children) problems.push(`processes: ${afterWarmUp.children}, then ${atEnd.children}`);
  if (afterStop.children !== 0) problems.push(`${afterStop.children} processes live on`);
  return problems;
}

/** Whether every request kept its time, but for what the loop of the process was late. */
export function isInTime({ worstOverrunMs, worstLoopDelayMs }: ChaosReport): boolean {
  return worstOverrunMs <= 250 + worstLoopDelayMs;
}

function sizeOf({ resources }: Held): number {
  return Object.values(resources).reduce((sum, count) => sum + count, 0);
}
