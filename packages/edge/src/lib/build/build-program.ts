import { createHash } from 'node:crypto';
import { type JsonObject, PlatformError } from '@loopwright/protocol';
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

/** Refuses a source of more than {@link SOURCE_LIMIT_BYTES}. @throws PlatformError INVALID_PROGRAM */
export function checkSourceSize(source: string): void {
  if (Buffer.byteLength(source) <= SOURCE_LIMIT_BYTES) return;
  throw new PlatformError('INVALID_PROGRAM', `Cannot build the program: it has more than ${SOURCE_LIMIT_BYTES} bytes`, {
    details: { limit_bytes: SOURCE_LIMIT_BYTES },
  });
}

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
  checkSourceSize(source);
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
  return refusedFor(error.errors.slice(0, 20).map(issueOf), error);
}

/** What is wrong at a place of a source; line and column from 1. */
export interface SourceIssue {
  readonly message: string;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/** The error for what is wrong in a source, with the first place in its message. */
export function refusedFor(issues: readonly SourceIssue[], cause?: unknown): PlatformError {
  const [first] = issues;
  const place = first?.line === undefined ? '' : ` at line ${first.line}, column ${first.column ?? 1}`;
  return new PlatformError('INVALID_PROGRAM', `Cannot build the program${place}: ${first?.message ?? 'unknown error'}`, {
    details: { issues: issues.map((issue) => ({ ...issue })) as JsonObject[] },
    cause,
  });
}

function issueOf({ text, location }: Message): SourceIssue {
  if (text.startsWith('No matching export in')) return { message: 'The program exports no function "run"' };
  if (location === null) return { message: text };
  return { message: text, line: location.line, column: location.column + 1 };
}
