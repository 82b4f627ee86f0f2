import { readdirSync, readFileSync } from 'node:fs';

/** What a process and all that it started use. */
export interface ProcessUse {
  /** Sum of their resident memory, in MiB; pages that they share count for each. */
  readonly memoryMb: number;
  readonly processes: number;
}

/** The most processes that are counted: more is too many for every limit. */
const COUNT_LIMIT = 10_000;

/**
 * What a process and those below it use now; `undefined` where that cannot be seen (no Linux), or when it is gone. One that has left its parents (a daemon) is
 * not seen.
 */
export function processUse(pid: number): ProcessUse | undefined {
  const own = residentMb(pid);
  if (own === undefined) return undefined;
  let memoryMb = own;
  let processes = 1;
  const waiting = childrenOf(pid);
  for (let child = waiting.pop(); child !== undefined && processes < COUNT_LIMIT; child = waiting.pop()) {
    const resident = residentMb(child);
    if (resident === undefined) continue;
    memoryMb += resident;
    processes += 1;
    waiting.push(...childrenOf(child));
  }
  return { memoryMb, processes };
}

/** All that a process has started and what that has, but for what has left its parents; nothing where that cannot be seen. */
export function descendantsOf(pid: number): number[] {
  const found: number[] = [];
  const waiting = childrenOf(pid);
  for (let child = waiting.pop(); child !== undefined && found.length < COUNT_LIMIT; child = waiting.pop()) {
    found.push(child);
    waiting.push(...childrenOf(child));
  }
  return found;
}

/** Each thread has its own children. */
function childrenOf(pid: number): number[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.flatMap((thread) =>
      (read(`/proc/${pid}/task/${thread}/children`) ?? '').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

function residentMb(pid: number): number | undefined {
  const status = read(`/proc/${pid}/status`);
  if (status === undefined || /^State:\s+Z/m.test(status)) return undefined;
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
