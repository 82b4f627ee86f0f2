import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf, PlatformError } from '@loopwright/protocol';
import { moduleTemplate } from './module-template.ts';

const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
const NAME_LIMIT = 64;

/**
 * Writes a new module into a folder, which is made and must be empty; gives the paths of its files. Overwrites nothing.
 *
 * @throws `VALIDATION_ERROR` For a name that npm would not take. @throws `CONFLICT` When something is in the folder. @throws `STORE_FAILED`
 */
export function writeModule(name: string, folder: string): readonly string[] {
  if (!NAME.test(name) || name.length > NAME_LIMIT)
    throw new PlatformError(
      'VALIDATION_ERROR',
      `Cannot make a module: its name must have lower-case letters, digits and single hyphens, at most ${NAME_LIMIT}`,
    );
  try {
    mkdirSync(folder, { recursive: true });
    if (readdirSync(folder).length > 0)
      throw new PlatformError('CONFLICT', `Cannot make the module: the folder "${folder}" is not empty`);
    const files = Object.entries(moduleTemplate(name));
    for (const [path, text] of files) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text, { flag: 'wx' });
    }
    return files.map(([path]) => path);
  } catch (error) {
    if (error instanceof PlatformError) throw error;
    throw new PlatformError('STORE_FAILED', `Cannot make the module: ${messageOf(error)}`, { cause: error });
  }
}
