import type { Clock } from '@loopwright/protocol';
import type { ModuleLimits } from '../module-spec.ts';
import type { Cgroups } from './cgroups.ts';
import type { ModuleCgroup } from './module-cgroup.ts';
import { processUse, type ProcessUse } from './process-tree.ts';
import { watchLimits } from './watch-limits.ts';

/** The limits of one run of a module, and who keeps them: the kernel where there are control groups, otherwise looks at `/proc`. */
export class RunLimits {
  readonly #limits: ModuleLimits;
  readonly #group: ModuleCgroup | undefined;
  #stop: () => void = () => undefined;

  constructor(module: string, limits: ModuleLimits, cgroups: Cgroups) {
    this.#limits = limits;
    this.#group = Object.keys(limits).length === 0 ? undefined : cgroups.begin(module, limits);
  }

  /** Who keeps them; `undefined` when there are none. */
  get keptBy(): 'cgroup' | 'proc' | undefined {
    if (Object.keys(this.#limits).length === 0) return undefined;
    return this.#group === undefined ? 'proc' : 'cgroup';
  }

  /** The command with which its process is started. */
  command(file: string, args: string[]): [string, string[]] {
    return this.#group?.command(file, args) ?? [file, args];
  }

  /** Looks at the process from now on; `onOver` is called once when it uses more than it may. */
  watch(
    pid: number,
    options: { readonly clock: Clock; readonly everyMs: number; readonly onOver: (reason: string) => void },
  ): void {
    const { memoryMb, processes } = this.#limits;
    // The kernel keeps the memory of a group, and counts threads for processes.
    const looked = {
      ...(memoryMb === undefined || this.#group !== undefined ? {} : { memoryMb }),
      ...(processes === undefined ? {} : { processes }),
    };
    this.#stop = watchLimits(pid, looked, options);
  }

  /** What the process with all that it started uses. */
  use(pid: number): ProcessUse | undefined {
    return this.#group?.use ?? processUse(pid);
  }

  /** Lets go when the process has ended, and ends what it left. Gives the reason when it was its limit. */
  end(clock: Clock): string | undefined {
    this.#stop();
    const group = this.#group;
    if (group === undefined) return undefined;
    const reason = group.wasOutOfMemory
      ? `it needed more than the ${this.#limits.memoryMb} MiB of memory that it may have`
      : undefined;
    group.end();
    // What was killed is there for a moment still.
    const again = (left: number): void => {
      if (!group.remove() && left > 0) clock.schedule(REMOVE_AGAIN_MS, () => again(left - 1));
    };
    again(REMOVE_TIMES);
    return reason;
  }
}

const REMOVE_AGAIN_MS = 200;
const REMOVE_TIMES = 10;
