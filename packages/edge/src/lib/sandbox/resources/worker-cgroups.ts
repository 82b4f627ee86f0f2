import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '@loopwright/protocol';

/** What the kernel limits of one worker. */
export interface GroupLimits {
  readonly memoryBytes: number;
  /** Threads and processes together. */
  readonly threads: number;
}

/** The limits of the kernel on one worker. */
export interface WorkerCgroup {
  /** Whether the kernel killed a process because of the limit of memory. */
  readonly wasKilled: () => boolean;
  /** To be called when the worker has ended. */
  readonly remove: () => void;
}

/** Where control groups are; other values are for tests. */
export interface CgroupPlaces {
  readonly root: string;
  /** Says in which groups this process is. */
  readonly self: string;
}

const PLACES: CgroupPlaces = { root: '/sys/fs/cgroup', self: '/proc/self/cgroup' };
const PREFIX = 'loopwright-';

type LimitName = keyof GroupLimits;

/** A folder in which groups are made, and their files. */
interface Place {
  readonly folder: string;
  /** What limits what, in the order of writing. */
  readonly files: readonly (readonly [file: string, limit: LimitName | 'nothing'])[];
}

/** In version 1 the second file limits memory and swap together. Swap has no file on every kernel. */
const MEMORY_V1: Place['files'] = [
  ['memory.limit_in_bytes', 'memoryBytes'],
  ['memory.memsw.limit_in_bytes', 'memoryBytes'],
];
const MEMORY_V2: Place['files'] = [
  ['memory.max', 'memoryBytes'],
  ['memory.swap.max', 'nothing'],
];
const THREADS: Place['files'] = [['pids.max', 'threads']];
/** Where the kernel counts what it killed, in version 1 and 2. */
const EVENTS = ['memory.oom_control', 'memory.events'] as const;

/**
 * Control groups below that of this process, one a worker: the kernel then counts every page of it, those outside of the heap too, and kills at
 * once; where it counts threads too, it starts no more of them. {@link WorkerCgroups.open} says where groups for memory are not to be had; then
 * resident memory is looked at now and then (`resident-memory.ts`).
 */
export class WorkerCgroups {
  readonly #places: readonly Place[];
  #last = 0;

  private constructor(places: readonly Place[]) {
    this.#places = places;
  }

  /** Finds out whether groups can be made, by making one; otherwise gives the reason. */
  static open(where: CgroupPlaces = PLACES): WorkerCgroups | string {
    let reason = 'this machine has no control groups for memory';
    const possible = placesOf(where).filter((place) => {
      const problem = new WorkerCgroups([place]).#try();
      if (problem !== undefined && limitsMemory(place)) reason = problem;
      return problem === undefined;
    });
    return possible.some(limitsMemory) ? new WorkerCgroups(possible) : reason;
  }

  /** Whether threads are limited too. */
  get limitsThreads(): boolean {
    return this.#places.some(({ files }) => files.some(([, limit]) => limit === 'threads'));
  }

  /** Puts a process into a group of its own. `undefined` when that fails: the process may have ended. */
  confine(pid: number, limits: GroupLimits): WorkerCgroup | undefined {
    try {
      return this.#make(limits, pid);
    } catch {
      return undefined;
    }
  }

  /** Why no group can be made; `undefined` when one was made. */
  #try(): string | undefined {
    const folders = this.#places.map(({ folder }) => folder).join(', ');
    try {
      this.#sweep();
      this.#make({ memoryBytes: 1024 ** 3, threads: 100 }).remove();
      return undefined;
    } catch (error) {
      return `no group can be made in ${folders}: ${messageOf(error)}`;
    }
  }

  #make(limits: GroupLimits, pid?: number): WorkerCgroup {
    this.#last += 1;
    const name = `${PREFIX}${process.pid}-${this.#last}`;
    const made: string[] = [];
    const group: WorkerCgroup = {
      wasKilled: () => made.some((path) => EVENTS.some((file) => countKills(join(path, file)) > 0)),
      remove: () => made.forEach(removeGroup),
    };
    try {
      for (const { folder, files } of this.#places) {
        const path = join(folder, name);
        mkdirSync(path);
        made.push(path);
        for (const [index, [file, limit]] of files.entries())
          if (index === 0 || existsSync(join(path, file)))
            writeFileSync(join(path, file), limit === 'nothing' ? '0' : String(limits[limit]));
        if (pid !== undefined) writeFileSync(join(path, 'cgroup.procs'), String(pid));
      }
      return group;
    } catch (error) {
      group.remove();
      throw error;
    }
  }

  /** Removes what processes left behind that are gone. */
  #sweep(): void {
    for (const { folder } of this.#places)
      for (const name of readdirSync(folder)) {
        const owner = /^loopwright-(\d+)-\d+$/u.exec(name)?.[1];
        if (owner !== undefined && !existsSync(`/proc/${owner}`)) removeGroup(join(folder, name));
      }
  }
}

const limitsMemory = ({ files }: Place): boolean => files.some(([, limit]) => limit === 'memoryBytes');

/** Folders in which groups may be made: those of this process, in version 1 one for each controller, in version 2 one for all. */
function placesOf({ root, self }: CgroupPlaces): Place[] {
  let lines: string[] = [];
  try {
    lines = readFileSync(self, 'utf8').split('\n');
  } catch {
    return [];
  }
  return lines.flatMap((line): Place[] => {
    const [, controllers = '', path] = /^\d+:([^:]*):(\/.*)$/u.exec(line) ?? [];
    if (path === undefined) return [];
    const names = controllers.split(',');
    if (names.includes('memory')) return [{ folder: join(root, 'memory', path), files: MEMORY_V1 }];
    if (names.includes('pids')) return [{ folder: join(root, 'pids', path), files: THREADS }];
    if (controllers !== '') return [];
    const folder = join(root, path);
    const handedOn = controllersHandedOn(folder);
    // A group that hands on no memory controller has groups without these files, and a limit that limits nothing.
    if (!handedOn.includes('memory')) return [];
    return [{ folder, files: handedOn.includes('pids') ? [...MEMORY_V2, ...THREADS] : MEMORY_V2 }];
  });
}

function controllersHandedOn(folder: string): string[] {
  try {
    return readFileSync(join(folder, 'cgroup.subtree_control'), 'utf8').split(/\s+/u);
  } catch {
    return [];
  }
}

function countKills(file: string): number {
  try {
    return Number(/^oom_kill (\d+)$/mu.exec(readFileSync(file, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function removeGroup(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // A process is still in it; the next start sweeps.
  }
}
