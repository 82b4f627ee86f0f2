import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '@loopwright/protocol';

/** The limit of the kernel on the memory of one worker. */
export interface MemoryCgroup {
  /** Whether the kernel killed a process because of the limit. */
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

interface Files {
  readonly limit: readonly string[];
  readonly events: string;
}

/** In version 1 the second file limits memory and swap together; it is not there on every kernel. */
const V1: Files = { limit: ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes'], events: 'memory.oom_control' };
const V2: Files = { limit: ['memory.max', 'memory.swap.max'], events: 'memory.events' };

/**
 * Control groups below that of this process, one a worker: the kernel then counts every page of it, those outside of the heap too, and kills at
 * once. {@link MemoryCgroups.open} says where that is not to be had; then resident memory is looked at now and then (`resident-memory.ts`).
 */
export class MemoryCgroups {
  readonly #folder: string;
  readonly #files: Files;
  #last = 0;

  private constructor(folder: string, files: Files) {
    this.#folder = folder;
    this.#files = files;
  }

  /** Finds out whether groups can be made, by making one; otherwise gives the reason. */
  static open(places: CgroupPlaces = PLACES): MemoryCgroups | string {
    let reason = 'this machine has no control groups for memory';
    for (const [folder, files] of candidates(places)) {
      const groups = new MemoryCgroups(folder, files);
      try {
        groups.#sweep();
        groups.#make(1024 ** 3).remove();
        return groups;
      } catch (error) {
        reason = `no group can be made in ${folder}: ${messageOf(error)}`;
      }
    }
    return reason;
  }

  /** Puts a process into a group of its own. `undefined` when that fails: the process may have ended. */
  confine(pid: number, limitBytes: number): MemoryCgroup | undefined {
    try {
      return this.#make(limitBytes, pid);
    } catch {
      return undefined;
    }
  }

  #make(limitBytes: number, pid?: number): MemoryCgroup {
    this.#last += 1;
    const path = join(this.#folder, `${PREFIX}${process.pid}-${this.#last}`);
    mkdirSync(path);
    const group: MemoryCgroup = {
      wasKilled: () => countKills(join(path, this.#files.events)) > 0,
      remove: () => removeGroup(path),
    };
    try {
      const [limit = '', swap = ''] = this.#files.limit;
      writeFileSync(join(path, limit), String(limitBytes));
      if (existsSync(join(path, swap))) writeFileSync(join(path, swap), this.#files === V1 ? String(limitBytes) : '0');
      if (pid !== undefined) writeFileSync(join(path, 'cgroup.procs'), String(pid));
      return group;
    } catch (error) {
      group.remove();
      throw error;
    }
  }

  /** Removes what processes left behind that are gone. */
  #sweep(): void {
    for (const name of readdirSync(this.#folder)) {
      const owner = /^loopwright-(\d+)-\d+$/u.exec(name)?.[1];
      if (owner !== undefined && !existsSync(`/proc/${owner}`)) removeGroup(join(this.#folder, name));
    }
  }
}

/** Folders in which groups may be made, with the names of their files: the group of this process in both versions. */
function candidates({ root, self }: CgroupPlaces): [string, Files][] {
  let lines: string[] = [];
  try {
    lines = readFileSync(self, 'utf8').split('\n');
  } catch {
    return [];
  }
  return lines.flatMap((line): [string, Files][] => {
    const [, controllers = '', path] = /^\d+:([^:]*):(\/.*)$/u.exec(line) ?? [];
    if (path === undefined) return [];
    if (controllers.split(',').includes('memory')) return [[join(root, 'memory', path), V1]];
    if (controllers !== '') return [];
    const folder = join(root, path);
    // A group that hands on no memory controller has groups without these files, and a limit that limits nothing.
    return handsOnMemory(folder) ? [[folder, V2]] : [];
  });
}

function handsOnMemory(folder: string): boolean {
  try {
    return readFileSync(join(folder, 'cgroup.subtree_control'), 'utf8').split(/\s+/u).includes('memory');
  } catch {
    return false;
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
