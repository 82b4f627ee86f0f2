import { type Clock, PlatformError, messageOf } from '@loopwright/protocol';
import type { Jail } from '../jail/jail.ts';
import { buildJail } from '../jail/open-jail.ts';
import { FAIR_SHARE, PATIENCE } from '../limits.ts';
import type { Runner } from '../runner.ts';
import { PYTHON_FLAGS, findPython, pythonScript } from './python-guest.ts';

/** Python behind the walls of the operating system. */
export interface Python {
  readonly jail: Jail;
  /** The interpreter, at its path inside and outside. */
  readonly command: string;
}

/** How Python is opened. */
export interface PythonOptions {
  readonly clock: Clock;
  /** What a program may take, in MB; the interpreter itself not counted. */
  readonly memoryLimitMb: number;
  /** Folders in which bubblewrap is looked for. Default: those of `PATH`. */
  readonly path?: string | undefined;
}

/**
 * Builds the jail of Python and probes it. There is no Python without it, whatever the policy of the sandbox says: CPython has no isolates, the jail is all
 * that stands around a program.
 *
 * @throws PlatformError LANGUAGE_UNAVAILABLE with the reason
 */
export async function openPython({ clock, memoryLimitMb, path }: PythonOptions): Promise<Python> {
  const refused = (reason: string): PlatformError =>
    new PlatformError('LANGUAGE_UNAVAILABLE', `Cannot run a program of Python: ${reason}`, { details: { language: 'python' } });
  let found: ReturnType<typeof findPython>;
  try {
    found = process.platform === 'linux' ? findPython(memoryLimitMb) : `there is no jail on ${process.platform}`;
  } catch (error) {
    throw refused(`it does not start: ${messageOf(error).slice(0, 200)}`);
  }
  if (typeof found === 'string') throw refused(found);
  const { command, guest } = found;
  const script = pythonScript('probe');
  const jail = await buildJail(
    () => guest,
    (input) => ({ command, args: [...PYTHON_FLAGS, '-c', script, JSON.stringify(input)] }),
    { clock, path },
  );
  if (typeof jail === 'string') throw refused(jail);
  return { jail, command };
}

/** Runs programs of Python, each in a process of its own. */
export function pythonRunner({ command }: Python): Runner {
  const script = pythonScript('worker');
  return {
    engine: 'cpython',
    commandLine: ({ limits }) => ({
      command,
      args: [...PYTHON_FLAGS, '-c', script, JSON.stringify({ ...limits, fairShare: FAIR_SHARE, patience: PATIENCE })],
    }),
  };
}
