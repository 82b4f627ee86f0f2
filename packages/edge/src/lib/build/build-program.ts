import { createHash } from 'node:crypto';
import { PlatformError } from '@loopwright/protocol';
import type { Message, Plugin } from 'esbuild';
import { bundle, isBuildFailure } from './bundle.ts';
import { SOURCE_LIMIT_BYTES } from './limits.ts';

/** A program that is ready to run. */
export interface BuiltProgram {
  /** The body of a function that returns the program's `run`. */
  readonly code: string;
  /** SHA-256 of the source text, hexadecimal. */
  readonly digest: string;
}

const entryModule = 'program';

/** SHA-256 of a source text in UTF-8, hexadecimal: the identity of a version. */
export function sourceDigest(source: string): string {
  return createHash('sha256').update(source, 'utf8').digest('hex');
}

/**
 * Strips the types of a program and wraps it into one function body, so that whoever runs it needs no module system.
 * It does not check types and it does not run the program.
 *
 * @throws PlatformError INVALID_PROGRAM: over {@link SOURCE_LIMIT_BYTES}, a syntax error, any import, no export `run`;
 * `details.issues` holds `line` and `column` (both from 1) and a message.
 */
export async function buildProgram(source: string): Promise<BuiltProgram> {
  if (Buffer.byteLength(source) > SOURCE_LIMIT_BYTES) {
    throw new PlatformError('INVALID_PROGRAM', `Cannot build the program: it has more than ${SOURCE_LIMIT_BYTES} bytes`, {
      details: { limit_bytes: SOURCE_LIMIT_BYTES },
    });
  }
  try {
    const code = await bundle({
      // Asking for the export by name makes the missing one an error of the build.
      stdin: { contents: `export { run } from ${JSON.stringify(entryModule)};`, loader: 'js' },
      plugins: [programOnly(source)],
      // Keeps an import that is not used, so that it is refused and not dropped in silence.
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    });
    return { code, digest: sourceDigest(source) };
  } catch (error) {
    throw invalidProgram(error);
  }
}

/** Gives the bundler the program as its only module. */
function programOnly(source: string): Plugin {
  return {
    name: 'program-only',
    setup: (setup) => {
      setup.onResolve({ filter: /.*/ }, ({ path, importer, namespace }) => {
        if (importer === '<stdin>' && namespace !== entryModule) return { path: 'program.ts', namespace: entryModule };
        return { errors: [{ text: `The import of ${JSON.stringify(path)} is not allowed: a program has no imports` }] };
      });
      setup.onLoad({ filter: /.*/, namespace: entryModule }, () => ({ contents: source, loader: 'ts' }));
    },
  };
}

function invalidProgram(error: unknown): PlatformError {
  if (!isBuildFailure(error)) {
    return new PlatformError('INVALID_PROGRAM', 'Cannot build the program: the compiler stopped on it', { cause: error });
  }
  const issues = error.errors.slice(0, 20).map(issueOf);
  const [first] = issues;
  const place = first?.line === undefined ? '' : ` at line ${first.line}, column ${first.column}`;
  return new PlatformError('INVALID_PROGRAM', `Cannot build the program${place}: ${first?.message ?? 'unknown error'}`, {
    details: { issues },
    cause: error,
  });
}

function issueOf({ text, location }: Message): { message: string; line?: number; column?: number } {
  if (text.startsWith('No matching export in')) return { message: 'The program exports no function "run"' };
  if (location === null) return { message: text };
  return { message: text, line: location.line, column: location.column + 1 };
}
