import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuiltProgram, sourceDigest } from './build-program.ts';
import { bundle } from './bundle.ts';

/**
 * Makes a program for the sandbox out of the stand-alone code of a schema check: value in, list of errors out, empty when the value is
 * valid. `source` is a module that exports `validate`, as ajv writes it; it may import what ajv needs at run time.
 */
export async function buildCheck(source: string): Promise<BuiltProgram> {
  const contents = `${source}
    export const run = (value) => validate(value) ? [] : validate.errors.slice(0, 20).map(
      ({ instancePath, message, keyword, params }) => ({ instancePath, message, keyword, params }));`;
  const code = await bundle({ stdin: { contents, loader: 'js', resolveDir: dirname(fileURLToPath(import.meta.url)) } });
  return { code, digest: sourceDigest(code) };
}
