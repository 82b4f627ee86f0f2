import { basename, dirname, join } from 'node:path/posix';
import { DELIVERED_NAMES } from '../governance/phase-documents.ts';
import type { FileFacts } from '../governance/survey/survey.ts';

const ENTRY = /^(?:main|index|program|server|app|cli|__init__|__main__)\.[^.]+$/i;
const ENDINGS = ['', '.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.json', '/index.ts', '/index.js'];
/** What an import with `.js` may stand for. */
const SOURCES = ['.ts', '.tsx', '.mts', '.cts'];

/**
 * The files that nothing refers to. A file is none when another file imports it or has its name in its text, or when it needs no reference: a
 * document, a test, a manifest, an entry (`main`, `index`, `program`, …), what a phase delivers, and what is internal (a name with "_" before it).
 */
export function findOrphans(files: readonly FileFacts[]): FileFacts[] {
  const paths = new Set(files.map(({ path }) => path));
  const imported = new Set(
    files.flatMap(({ path, code }) => (code?.imports ?? []).flatMap((specifier) => resolved(specifier, path, paths) ?? [])),
  );
  const mentioned = new Set(files.flatMap(({ mentions }) => mentions));
  return files.filter((file) => {
    const name = basename(file.path);
    if (isRoot(file, name) || imported.has(file.path)) return false;
    return !mentioned.has(name) && !mentioned.has(name.replace(/\.[^.]+$/, ''));
  });
}

function isRoot({ kind, path }: FileFacts, name: string): boolean {
  if (kind === 'documentation' || kind === 'test' || kind === 'manifest') return true;
  return ENTRY.test(name) || DELIVERED_NAMES.has(name) || /(?:^|\/)_/.test(path);
}

function resolved(specifier: string, from: string, paths: ReadonlySet<string>): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  // The plain case first: a workspace may have ten thousand of them.
  const isPlain = specifier.startsWith('./') && !specifier.includes('/.') && !specifier.includes('//');
  const target = isPlain ? from.slice(0, from.lastIndexOf('/') + 1) + specifier.slice(2) : join(dirname(from), specifier);
  const plain = target.replace(/\.[cm]?jsx?$/, '');
  const isThere = (path: string): boolean => path !== from && paths.has(path);
  const ending = ENDINGS.find((candidate) => isThere(target + candidate));
  if (ending !== undefined) return target + ending;
  const source = plain === target ? undefined : SOURCES.find((candidate) => isThere(plain + candidate));
  return source === undefined ? undefined : plain + source;
}
