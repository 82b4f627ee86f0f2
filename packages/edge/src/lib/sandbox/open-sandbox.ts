import { type Clock, PlatformError } from '@loopwright/protocol';
import type { Jail } from './jail/jail.ts';
import { MESSAGE_LIMIT_CHARS, OUTPUT_LIMIT_CHARS } from './limits.ts';
import { LanguageSandbox } from './language-sandbox.ts';
import { javascriptRunner } from './javascript-runner.ts';
import { type Python, openPython, pythonRunner } from './python/open-python.ts';
import { WorkerCgroups } from './resources/worker-cgroups.ts';
import { RefusingSandbox } from './refusing-sandbox.ts';
import { StatelessCheck } from '../build/stateless/stateless-check.ts';
import type { Sandbox } from './sandbox.ts';
import { SandboxPool } from './sandbox-pool.ts';
import { StateSandbox } from './state-sandbox.ts';
import type { WorkerSetup } from './worker-process.ts';

/** How a sandbox is opened. */
export interface SandboxOptions {
  readonly clock: Clock;
  /** Worker processes that one tenant may have; one more is kept ready. Default 2. */
  readonly workers?: number;
  /**
   * Limit of one call in milliseconds, inside the worker; 250 ms later the worker is killed. A call that had less than a quarter of it on a processor may take
   * five times as long. Default 1000.
   */
  readonly timeoutMs?: number;
  /** Limit of the heap of one program in MB. Default 64. */
  readonly memoryLimitMb?: number;
  /** Resident memory at which a worker is killed, in MB; on Linux only. Default 160 and twice `memoryLimitMb`. */
  readonly residentLimitMb?: number;
  /** What calls find of those before, of a program that does not say. Default `kept`. */
  readonly state?: 'kept' | 'fresh';
  /** The wall of the operating system around each worker, from `openJail`; {@link noJail} for programs of one's own. */
  readonly jail: Jail;
  /** Opens Python when the first program of it comes. Default: `openPython`. */
  readonly openPython?: () => Promise<Python>;
  /** Told in one line when a worker is killed or dies. */
  readonly log?: (message: string) => void;
}

/**
 * Opens a pool of worker processes and waits until the first of them is ready.
 *
 * @throws PlatformError INVALID_CONFIGURATION: a number out of range; SERVICE_UNAVAILABLE: the workers do not start.
 */
export async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { clock, workers = 2, timeoutMs = 1000, memoryLimitMb = 64 } = options;
  const residentLimitMb = options.residentLimitMb ?? 160 + 2 * memoryLimitMb;
  checkRange('workers', workers, [1, 64]);
  checkRange('timeoutMs', timeoutMs, [1, 60_000]);
  // Less than 8 MB is refused by isolated-vm.
  checkRange('memoryLimitMb', memoryLimitMb, [8, 4096]);
  checkRange('residentLimitMb', residentLimitMb, [100, 65_536]);
  const { jail } = options;
  if (jail.refusal !== undefined) return new RefusingSandbox(jail);
  const cgroups = WorkerCgroups.open();
  const setup: WorkerSetup = {
    clock,
    jail,
    runner: javascriptRunner,
    cgroups: typeof cgroups === 'string' ? undefined : cgroups,
    limits: {
      timeoutMs,
      memoryLimitMb,
      outputLimitChars: OUTPUT_LIMIT_CHARS,
      messageLimitChars: MESSAGE_LIMIT_CHARS,
    },
    residentLimitBytes: residentLimitMb * 1024 * 1024,
  };
  const openPool = async (of: WorkerSetup): Promise<SandboxPool> => {
    const pool = new SandboxPool(of, workers, options.log ?? (() => undefined));
    try {
      await pool.opened;
    } catch (error) {
      await pool.close();
      throw error;
    }
    return pool;
  };
  const open = options.openPython ?? (() => openPython({ clock, memoryLimitMb }));
  const languages = new LanguageSandbox(await openPool(setup), async () => {
    const python = await open();
    return openPool({ ...setup, jail: python.jail, runner: pythonRunner(python) });
  });
  return new StateSandbox(languages, options.state ?? 'kept', new StatelessCheck(clock));
}

function checkRange(name: string, value: number, [least, most]: readonly [number, number]): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new PlatformError(
    'INVALID_CONFIGURATION',
    `Cannot open the sandbox: "${name}" must be a whole number from ${least} to ${most}`,
  );
}
