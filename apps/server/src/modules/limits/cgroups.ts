// C1. Where anything of it is refused, all is as if it had not been tried: modules are watched in /proc then, and `reason` says why.
// C2. A process is in its group before its program runs, so that nothing that it starts is outside.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '@loopwright/protocol';
import type { ModuleLimits } from '../module-spec.ts';
import { ModuleCgroup } from './module-cgroup.ts';
import { descendantsOf } from './process-tree.ts';

/** Where control groups are. */
export interface CgroupPlace {
  /** Where the file system of version 2 is mounted. @default /sys/fs/cgroup */
  readonly root?: string;
  /** What `/proc/self/cgroup` says. @default what is in it */
  readonly own?: string;
}

const ROOT = '/sys/fs/cgroup';
const CONTROLLERS = ['memory', 'cpu', 'pids'];

/**
 * Limits of modules kept by the kernel, in control groups of version 2, where this process may make some: below its own group, which must be given to it (`Delegate=yes`
 * of systemd, a container with a writable /sys/fs/cgroup). It is tried when the first module with limits starts.
 */
export class Cgroups {
  readonly #place: CgroupPlace;
  #opened: { readonly dir: string } | { readonly reason: string } | undefined;
  #count = 0;

  constructor(place: CgroupPlace = {}) {
    this.#place = place;
  }

  /** Why there are none; `undefined` while there are, or before it was tried. */
  get reason(): string | undefined {
    return this.#opened !== undefined && 'reason' in this.#opened ? this.#opened.reason : undefined;
  }

  /** A group for one run of a module; `undefined` where there can be none. */
  begin(module: string, limits: ModuleLimits): ModuleCgroup | undefined {
    this.#opened ??= this.#open();
    if ('reason' in this.#opened) return undefined;
    this.#count += 1;
    try {
      return ModuleCgroup.make(join(this.#opened.dir, `loopwright-${process.pid}-${module}-${this.#count}`), limits);
    } catch (error) {
      this.#opened = { reason: messageOf(error) };
      return undefined;
    }
  }

  #open(): { readonly dir: string } | { readonly reason: string } {
    try {
      return this.#delegated();
    } catch (error) {
      return { reason: messageOf(error) };
    }
  }

  #delegated(): { readonly dir: string } | { readonly reason: string } {
    const { root = ROOT, own = readFileSync('/proc/self/cgroup', 'utf8') } = this.#place;
    const path = /^0::(\/.*)$/m.exec(own)?.[1];
    if (path === undefined || !existsSync(join(root, 'cgroup.controllers')))
      return { reason: `there is no control group of version 2 at ${root}` };
    const dir = join(root, path);
    const has = (file: string): Set<string> => new Set(readFileSync(join(dir, file), 'utf8').trim().split(/\s+/));
    const missing = CONTROLLERS.filter((name) => !has('cgroup.controllers').has(name));
    if (missing.length > 0) return { reason: `the control group ${path} has no ${missing.join(', ')}` };
    if (CONTROLLERS.every((name) => has('cgroup.subtree_control').has(name))) return { dir };
    enableBelow(dir);
    return { dir };
  }
}

/** Processes may be started while they are moved. */
const MOVES = 3;

/** A group whose members are in it itself may hand nothing on: this process and what it has started go into one of their own first, and back when that does not help. */
function enableBelow(dir: string): void {
  const own = join(dir, `loopwright-${process.pid}-server`);
  // One of a process before, which had the same number, may be there.
  mkdirSync(own, { recursive: true });
  for (let attempt = 1; ; attempt += 1)
    try {
      moveTo(own);
      return writeFileSync(join(dir, 'cgroup.subtree_control'), CONTROLLERS.map((name) => `+${name}`).join(' '));
    } catch (error) {
      if (attempt < MOVES) continue;
      moveTo(dir);
      rmdirSync(own);
      throw error;
    }
}

/** @throws The error of moving this process; others may have ended. */
function moveTo(dir: string): void {
  const file = join(dir, 'cgroup.procs');
  for (const pid of descendantsOf(process.pid))
    try {
      writeFileSync(file, String(pid));
    } catch {
      // Without it the group cannot hand anything on; that is said then.
    }
  writeFileSync(file, String(process.pid));
}
