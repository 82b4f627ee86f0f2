import { basename } from 'node:path';
import type { FileFacts } from './survey.ts';

type Dependencies = FileFacts['dependencies'];

/** The dependencies that a manifest or a lock file names, with their licences where it says them. */
export function dependenciesIn(text: string, path: string): { dependencies: Dependencies; isLock: boolean } {
  const name = basename(path).toLowerCase();
  if (name === 'package-lock.json') return { dependencies: fromLock(text), isLock: true };
  if (name === 'package.json') return { dependencies: fromPackage(text), isLock: false };
  if (/^requirements[^/]*\.txt$/.test(name) && /(?:==|>=|~=|^[a-z0-9_.-]+$)/im.test(text))
    return { dependencies: fromRequirements(text), isLock: false };
  return { dependencies: [], isLock: false };
}

function fromLock(text: string): Dependencies {
  const packages = objectAt(parsed(text), 'packages');
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .slice(0, 5000)
    .map(([path, entry]) => ({ name: path.replace(/^.*node_modules\//, '').slice(0, 300), licence: licenceOf(entry) }));
}

function fromPackage(text: string): Dependencies {
  const manifest = parsed(text);
  const names = ['dependencies', 'optionalDependencies', 'peerDependencies'].flatMap((field) =>
    Object.keys(objectAt(manifest, field)),
  );
  return [...new Set(names)].slice(0, 5000).map((name) => ({ name: name.slice(0, 300), licence: null }));
}

/** Lines that look like requirements; a text of sentences (the planning phase has a file of the same name) has none. */
function fromRequirements(text: string): Dependencies {
  const lines = text.split('\n').map((line) => line.replace(/#.*$/, '').trim());
  return lines
    .filter((line) =>
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,100}(?:\[[\w,-]{1,100}\])?(?:\s*(?:[=<>~!]=?=?)\s*[\w.*]{1,50},?)*$/.test(line),
    )
    .slice(0, 5000)
    .map((line) => ({ name: /^[A-Za-z0-9._-]+/.exec(line)?.[0] ?? line, licence: null }));
}

function licenceOf(entry: unknown): string | null {
  const licence = entry !== null && typeof entry === 'object' && 'license' in entry ? entry.license : null;
  return typeof licence === 'string' ? licence.slice(0, 300) : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function objectAt(value: unknown, member: string): Record<string, unknown> {
  const found: unknown = value !== null && typeof value === 'object' ? Reflect.get(value, member) : undefined;
  return found !== null && typeof found === 'object' && !Array.isArray(found) ? { ...found } : {};
}

/** Cells of a notebook that hold outputs; `null` for a text that is no notebook. */
export function cellsWithOutputs(text: string): number | null {
  const notebook = parsed(text);
  if (notebook === null || typeof notebook !== 'object' || !('cells' in notebook) || !Array.isArray(notebook.cells)) return null;
  return notebook.cells.filter((cell: unknown) => {
    const outputs: unknown = cell !== null && typeof cell === 'object' ? Reflect.get(cell, 'outputs') : undefined;
    return Array.isArray(outputs) && outputs.length > 0;
  }).length;
}
