import { PlatformError } from '@loopwright/protocol';
import { bundleModules } from '../build/build-modules.ts';
import { HARNESS } from './guest-modules.ts';

/**
 * Bundles a file of tests with what it imports and what runs it. The result is run in parts; it begins with the harness, and the file is loaded from
 * there, so that an `await` at its top is waited for.
 *
 * @throws PlatformError INVALID_PROGRAM: a syntax error, an import of what is not there, too large
 */
export async function buildTestFile(modules: ReadonlyMap<string, string>, path: string, isStrict: boolean): Promise<string> {
  const entry = `import { begin } from ${JSON.stringify(HARNESS)};\n__loopwright_run__ = begin(() => import(${JSON.stringify(`/${path}`)}));`;
  const text = await bundleModules({ modules, entry }, 'esm');
  if (/^(?:import|export)\b/m.test(text.slice(-200)) && /\nexport \{/.test(text.slice(-200)))
    throw new PlatformError('INVALID_PROGRAM', 'Cannot build the tests: the bundle is no script');
  return `${isStrict ? '"use strict";\n' : ''}let __loopwright_run__;\n${text}\nreturn __loopwright_run__;\n`;
}
