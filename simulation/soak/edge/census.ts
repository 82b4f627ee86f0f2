import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { LEAK_BOUND } from './limits.ts';

/** What a process and those below it hold. */
export interface Census {
  /** Resident memory of the process, and of it with all below it, in MB. */
  readonly ownMb: number;
  readonly treeMb: number;
  readonly descriptors: number;
  /** Processes below it. */
  readonly below: number;
}

/** All processes below one; none where it is gone. */
export function processesBelow(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
      const children = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
      return children.concat(children.flatMap((child) => processesBelow(child)));
    });
  } catch {
    return [];
  }
}

/** Counts what a process holds now. */
export function takeCensus(pid: number): Census {
  const below = processesBelow(pid);
  const ownMb = residentMb(pid);
  return {
    ownMb,
    treeMb: below.reduce((sum, other) => sum + residentMb(other), ownMb),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    below: below.length,
  };
}

/** Processes of a list that are still there. */
export function stillAlive(pids: readonly number[]): number[] {
  return pids.filter((pid) => existsSync(`/proc/${pid}/fd`) && !/^State:\s+Z/mu.test(statusOf(pid)));
}

/** First and last third of some samples, as medians. */
export interface Growth {
  readonly first: Census;
  readonly last: Census;
}

/** How samples grew; `undefined` for fewer than nine. */
export function growthOf(samples: readonly Census[]): Growth | undefined {
  if (samples.length < 9) return undefined;
  const third = Math.floor(samples.length / 3);
  return { first: medians(samples.slice(0, third)), last: medians(samples.slice(-third)) };
}

/** What grew more than {@link LEAK_BOUND} allows, in words. */
export function leaks({ first, last }: Growth): string[] {
  const problems: string[] = [];
  for (const key of ['ownMb', 'treeMb'] as const)
    if (last[key] > first[key] * (1 + LEAK_BOUND.share) + LEAK_BOUND.mb)
      problems.push(`${key} grew from ${first[key].toFixed(0)} to ${last[key].toFixed(0)}`);
  if (last.descriptors > first.descriptors + LEAK_BOUND.descriptors)
    problems.push(`descriptors grew from ${first.descriptors} to ${last.descriptors}`);
  if (last.below > first.below) problems.push(`processes grew from ${first.below} to ${last.below}`);
  return problems;
}

function medians(samples: readonly Census[]): Census {
  const middle = (key: keyof Census): number => {
    const sorted = samples.map((sample) => sample[key]).toSorted((one, other) => one - other);
    return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  };
  return { ownMb: middle('ownMb'), treeMb: middle('treeMb'), descriptors: middle('descriptors'), below: middle('below') };
}

function residentMb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/mu.exec(statusOf(pid))?.[1] ?? 0) / 1024;
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
