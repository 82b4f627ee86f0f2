import { dirname, join } from 'node:path/posix';
import { PlatformError, messageOf } from '@loopwright/protocol';
import type { Loader, Plugin } from 'esbuild';
import { type BuiltProgram, sourceDigest } from './build-program.ts';
import { bundleText, isBuildFailure } from './bundle.ts';
import { SOURCE_LIMIT_BYTES } from './limits.ts';

/** What several modules are made into one program from. */
export interface ModuleSet {
  /** Sources by path, "/" between the names; a name such as `node:test` stands for itself. */
  readonly modules: ReadonlyMap<string, string>;
  /** Source of the module that imports the others by their paths from the top (`/a/b.ts`) and exports `run`. */
  readonly entry: string;
}

const NAMESPACE = 'set';
/** What stands before the name of a module that `require` gives instead of the one that `import` does. */
export const REQUIRED = 'require:';
/** What may stand for a path that has no extension, or for the `.js` of a TypeScript source. */
const ENDINGS = ['', '.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.json', '/index.ts', '/index.js'];
/** The modules of one program may have more bytes together than a program of one file. */
const SET_LIMIT_BYTES = 4 * SOURCE_LIMIT_BYTES;

/**
 * Bundles modules that are held in memory into one function body for the sandbox, as `buildProgram` does with one. Nothing is read from disk: an
 * import of something that is not in the set is refused.
 *
 * @throws PlatformError INVALID_PROGRAM: too large, a syntax error, an import of something else.
 */
export async function buildModules(set: ModuleSet): Promise<BuiltProgram> {
  const code = `"use strict";\n${await bundleModules(set, 'iife')}return program.run;\n`;
  return { code, digest: sourceDigest(code) };
}

/**
 * The text of the bundle: a script that leaves its exports in `program` (`iife`), or a module whose top level may wait (`esm`).
 *
 * @throws PlatformError INVALID_PROGRAM, as {@link buildModules}
 */
export async function bundleModules({ modules, entry }: ModuleSet, format: 'iife' | 'esm'): Promise<string> {
  const bytes = [...modules.values()].reduce((sum, source) => sum + Buffer.byteLength(source), 0);
  if (bytes > SET_LIMIT_BYTES)
    throw new PlatformError('INVALID_PROGRAM', `Cannot build the modules: they have more than ${SET_LIMIT_BYTES} bytes`);
  try {
    const stdin = { contents: entry, loader: 'js' as const, resolveDir: '/' };
    return await bundleText({ stdin, plugins: [onlyFrom(modules)], tsconfigRaw: {} }, format);
  } catch (error) {
    const first = isBuildFailure(error) ? error.errors[0] : undefined;
    const place = first?.location ? ` (${first.location.file.replace(`${NAMESPACE}:`, '')}:${first.location.line})` : '';
    const message = `Cannot build the modules: ${first?.text ?? messageOf(error)}${place}`.slice(0, 1000);
    throw new PlatformError('INVALID_PROGRAM', message, { cause: error });
  }
}

function onlyFrom(modules: ReadonlyMap<string, string>): Plugin {
  return {
    name: 'only-from',
    setup: (setup) => {
      setup.onResolve({ filter: /.*/ }, ({ path, importer, namespace, kind }) => {
        const required = REQUIRED + path;
        if (kind === 'require-call' && modules.has(required)) return { path: required, namespace: NAMESPACE };
        const found = resolved(path, namespace === NAMESPACE ? dirname(importer) : '', modules);
        if (found !== undefined) return { path: found, namespace: NAMESPACE };
        return { errors: [{ text: `The import of ${JSON.stringify(path.slice(0, 200))} cannot be had in the sandbox` }] };
      });
      setup.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => ({
        contents: modules.get(path) ?? '',
        loader: loaderOf(path),
      }));
    },
  };
}

function resolved(path: string, from: string, modules: ReadonlyMap<string, string>): string | undefined {
  if (modules.has(path) && !path.startsWith('.')) return path;
  if (!path.startsWith('.') && !path.startsWith('/')) return undefined;
  const target = path.startsWith('/') ? path.slice(1) : join(from, path);
  const plain = target.replace(/\.([cm]?)jsx?$/, '');
  const known = [...ENDINGS.map((ending) => target + ending), ...['.ts', '.tsx', '.mts', '.cts'].map((ending) => plain + ending)];
  return known.find((candidate) => modules.has(candidate));
}

function loaderOf(path: string): Loader {
  if (path.endsWith('.json')) return 'json';
  if (path.endsWith('.tsx')) return 'tsx';
  if (path.endsWith('.jsx')) return 'jsx';
  return /\.[cm]?ts$/.test(path) ? 'ts' : 'js';
}
