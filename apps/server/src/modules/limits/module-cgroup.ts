import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModuleLimits } from '../module-spec.ts';
import type { ProcessUse } from './process-tree.ts';

const MIB = 1024 * 1024;
/** Length of a span of which a share of processors is counted, in microseconds. */
const CPU_PERIOD_US = 100_000;
/** The kernel counts threads; a process of Node has about a dozen. What is counted by the process is watched as ever. */
const TASKS_OF_PROCESS = 64;

/** The control group of one run of a module. */
export class ModuleCgroup {
  readonly #dir: string;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  /** Makes it, with its limits. @throws The error of the file system. */
  static make(dir: string, { memoryMb, processes, cpus }: ModuleLimits): ModuleCgroup {
    // Not with those above it: where the folder is gone there are no groups.
    if (!existsSync(dir)) mkdirSync(dir);
    const group = new ModuleCgroup(dir);
    try {
      if (memoryMb !== undefined) {
        group.#write('memory.max', String(memoryMb * MIB));
        group.#tryWrite('memory.swap.max', '0');
        // All of it ends, not the one process that the kernel finds.
        group.#write('memory.oom.group', '1');
      }
      if (cpus !== undefined) group.#write('cpu.max', `${Math.max(1000, Math.round(cpus * CPU_PERIOD_US))} ${CPU_PERIOD_US}`);
      if (processes !== undefined) group.#write('pids.max', String(processes * TASKS_OF_PROCESS));
      return group;
    } catch (error) {
      group.end();
      throw error;
    }
  }

  /** A command that puts its process into the group and becomes the program then. */
  command(file: string, args: readonly string[]): [string, string[]] {
    return ['/bin/sh', ['-c', 'echo $$ > "$0" && exec "$@"', join(this.#dir, 'cgroup.procs'), file, ...args]];
  }

  /** What is in it uses; `undefined` when that cannot be read. Threads are not counted as processes. */
  get use(): ProcessUse | undefined {
    const memory = Number(this.#read('memory.current'));
    const members = this.#read('cgroup.procs')?.trim();
    if (!Number.isFinite(memory) || members === undefined || members === '') return undefined;
    return { memoryMb: memory / MIB, processes: members.split('\n').length };
  }

  /** Whether the kernel has ended something of it for its memory. */
  get wasOutOfMemory(): boolean {
    return Number(/^oom_kill (\d+)$/m.exec(this.#read('memory.events') ?? '')?.[1] ?? 0) > 0;
  }

  /** Ends all that is in it, also what has left its parents, and removes it as soon as it is empty. */
  end(): void {
    this.#tryWrite('cgroup.kill', '1');
    this.remove();
  }

  /** Removes it; `false` while something is in it still. */
  remove(): boolean {
    try {
      rmdirSync(this.#dir);
      return true;
    } catch (error) {
      return error instanceof Error && 'code' in error && error.code === 'ENOENT';
    }
  }

  #write(file: string, text: string): void {
    writeFileSync(join(this.#dir, file), text);
  }

  #tryWrite(file: string, text: string): void {
    try {
      this.#write(file, text);
    } catch {
      // An older kernel has no such file.
    }
  }

  #read(file: string): string | undefined {
    try {
      return readFileSync(join(this.#dir, file), 'utf8');
    } catch {
      return undefined;
    }
  }
}
