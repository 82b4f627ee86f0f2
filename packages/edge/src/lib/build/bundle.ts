import { type BuildFailure, type BuildOptions, build, stop } from 'esbuild';

/** What differs between the things that are bundled. */
export type BundleSource = Required<Pick<BuildOptions, 'stdin'>> & Pick<BuildOptions, 'plugins' | 'tsconfigRaw'>;

/**
 * Bundles an entry that exports `run` into the body of a function that returns it, for the sandbox.
 *
 * @throws what {@link bundleText} throws
 */
export async function bundle(source: BundleSource): Promise<string> {
  return `"use strict";\n${await bundleText(source, 'iife')}return program.run;\n`;
}

/**
 * Bundles an entry: a script that leaves its exports in `program` (`iife`), or a module whose top level may wait (`esm`). The compiler is one process for all
 * builds: a source that kills it takes the others' builds along, so what failed without a message of the compiler is built once more, on a new one.
 *
 * @throws BuildFailure (esbuild) with the messages of the compiler; Error when the compiler stopped twice.
 */
export async function bundleText(source: BundleSource, format: 'iife' | 'esm'): Promise<string> {
  try {
    return await bundleOnce(source, format);
  } catch (error) {
    if (isBuildFailure(error)) throw error;
    await stop();
  }
  try {
    return await bundleOnce(source, format);
  } catch (error) {
    if (!isBuildFailure(error)) await stop();
    throw error;
  }
}

async function bundleOnce(source: BundleSource, format: 'iife' | 'esm'): Promise<string> {
  const { outputFiles } = await build({
    ...source,
    bundle: true,
    write: false,
    format,
    ...(format === 'iife' ? { globalName: 'program' } : {}),
    platform: 'neutral',
    target: 'es2024',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'silent',
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error('esbuild gave no output');
  return output.text;
}

/** Whether the compiler said what is wrong with the source. */
export function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors) && error.errors.length > 0;
}
