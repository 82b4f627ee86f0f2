import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { type JailGuest, sharedLibraries } from '../jail/bubblewrap.ts';

/** Where Python is looked for: that of the system, whose files everybody may read. */
const PYTHON = ['/usr/bin/python3', '/usr/local/bin/python3'];
/** Isolated, without site packages, without files of compiled code. */
export const PYTHON_FLAGS = ['-I', '-S', '-B'] as const;
/** Address space of the interpreter itself, in MB. */
const INTERPRETER_MB = 64;
const KB_PER_MB = 1024;
/** Folders of libraries of the system; nothing in them is secret. */
const LIBRARY_FOLDER = /^(?:\/usr)?\/lib(?:64)?(?:\/[a-z0-9_]+-linux-[a-z]+)?$/u;

const placesSchema = z.object({
  executable: z.string().startsWith('/'),
  folders: z.array(z.string().startsWith('/')).max(50),
  libraries: z.array(z.string().startsWith('/')).max(500),
});

/** Says where Python and what it needs are. It runs outside of the jail, and it is Python itself that runs: no program. */
const PLACES = `import json, os, sys
maps = [line.split(None, 5)[-1].strip() for line in open('/proc/self/maps')]
print(json.dumps({'executable': os.path.realpath(sys.executable), 'folders': [path for path in sys.path if os.path.isdir(path)],
    'libraries': sorted({path for path in maps if path.startswith('/') and '.so' in path})}))`;

/** Python on this machine, and what it needs inside a jail. */
export interface PythonGuest {
  readonly command: string;
  readonly guest: JailGuest;
}

/** Finds Python; gives the reason where there is none. `memoryMb`: what a program may take. Throws when Python does not start. */
export function findPython(memoryMb: number): PythonGuest | string {
  const found = PYTHON.find(isExecutable);
  if (found === undefined) return `there is no ${PYTHON.join(' and no ')}`;
  const text = execFileSync(found, [...PYTHON_FLAGS, '-c', PLACES], { env: {}, encoding: 'utf8', timeout: 60_000 });
  const { executable, folders, libraries } = placesSchema.parse(JSON.parse(text));
  const ofLibraries = libraries.map((file) => (LIBRARY_FOLDER.test(dirname(file)) ? dirname(file) : file));
  // The loader of programs by the path that stands in them: that of Node is that of Python.
  const loader = sharedLibraries().filter((file) => /\/ld-[^/]*\.so[.\d]*$/u.test(file));
  const cache = ['/etc/ld.so.cache'].filter(existsSync);
  const visible = [...new Set([executable, ...folders, ...ofLibraries, ...loader, ...cache])];
  return { command: executable, guest: { kind: 'python', visible, addressSpaceKb: (INTERPRETER_MB + memoryMb) * KB_PER_MB } };
}

/** The text of a script of this folder. It goes over on the command line: the jail holds no file of ours. */
export function pythonScript(name: 'worker' | 'probe' | 'check-program'): string {
  return readFileSync(new URL(`./${name}.py`, import.meta.url), 'utf8');
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
