import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { promisify } from 'node:util';
import { messageOf } from '@loopwright/protocol';

/** What programs of Python run behind: an empty file system with Python in it, no network, no other process, no rights. */
export interface PythonWall {
  /** The command that starts Python inside, without its arguments. */
  readonly command: string;
  readonly args: readonly string[];
}

const BWRAP = ['/usr/bin/bwrap', '/usr/local/bin/bwrap'];
const PYTHON = ['/usr/bin/python3', '/usr/local/bin/python3'];
/** Bytes that a program can write to its file system, which is memory. */
const TMPFS_BYTES = 64 * 1024 * 1024;

/** Looks for bubblewrap and Python and tries them together; gives the wall, or the reason why there is none. */
export async function findPythonWall(): Promise<PythonWall | { readonly missing: string }> {
  if (process.platform !== 'linux')
    return { missing: `the wall is bubblewrap, which there is on Linux only, not on ${process.platform}` };
  const [bwrap, python] = await Promise.all([firstExecutable(BWRAP), firstExecutable(PYTHON)]);
  if (python === undefined) return { missing: `there is no ${PYTHON.join(' and no ')}` };
  if (bwrap === undefined) return { missing: 'bubblewrap is not installed (Debian: apt-get install bubblewrap)' };
  const wall = { command: bwrap, args: [...wallArguments(), python] };
  try {
    await promisify(execFile)(wall.command, [...wall.args, '-I', '-S', '-c', 'import json, resource'], {
      timeout: 20_000,
      env: {},
    });
    return wall;
  } catch (error) {
    return { missing: `bubblewrap does not work here: ${messageOf(error).slice(0, 300)}` };
  }
}

function wallArguments(): string[] {
  return [
    ...['--unshare-all', '--die-with-parent', '--new-session', '--as-pid-1', '--clearenv', '--cap-drop', 'ALL'],
    ...['--uid', '65534', '--gid', '65534', '--hostname', 'wall'],
    ...['--ro-bind', '/usr/bin', '/usr/bin', '--ro-bind', '/usr/lib', '/usr/lib', '--ro-bind-try', '/usr/lib64', '/usr/lib64'],
    ...['--ro-bind-try', '/usr/local/bin', '/usr/local/bin', '--ro-bind-try', '/usr/local/lib', '/usr/local/lib'],
    ...['--symlink', 'usr/bin', '/bin', '--symlink', 'usr/lib', '/lib', '--symlink', 'usr/lib64', '/lib64'],
    ...['--size', String(TMPFS_BYTES), '--tmpfs', '/work', '--size', String(TMPFS_BYTES), '--tmpfs', '/tmp', '--dev', '/dev'],
    ...['--remount-ro', '/', '--chdir', '/work', '--setenv', 'LANG', 'C.UTF-8', '--setenv', 'HOME', '/work'],
  ];
}

async function firstExecutable(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}
