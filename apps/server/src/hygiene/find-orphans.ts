import { basename, dirname, join } from 'node:path/posix';
import { DELIVERED_NAMES } from '../governance/phase-documents.ts';
import type { FileFacts } from '../governance/survey/survey.ts';

const ENTRY = /^(?:main|index|program|server|app|cli|__init__|__main__)\.[^.]+$/i;
const ENDINGS = ['', '.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.json', '/index.ts', '/index.js'];

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
  return ENTRY.test(name) || DELIVERED_NAMES.has(name) || path.split('/').some((part) => part.startsWith('_'));
}

function resolved(specifier: string, from: string, paths: ReadonlySet<string>): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const target = join(dirname(from), specifier);
  const plain = target.replace(/\.([cm]?)jsx?$/, '');
  const candidates = [
    ...ENDINGS.map((ending) => target + ending),
    ...['.ts', '.tsx', '.mts', '.cts'].map((ending) => plain + ending),
  ];
  return candidates.find((path) => path !== from && paths.has(path));
}
