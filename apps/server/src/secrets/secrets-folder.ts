import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Json, PlatformError, jsonObjectSchema, messageOf } from '@loopwright/protocol';

/** The longest secret, in characters of its file. */
const SECRET_LIMIT_CHARACTERS = 64 * 1024;

/**
 * Secrets of a folder, one file each, as Docker and Kubernetes mount them: the name of the file is the name of the secret. A JSON object
 * has properties (`basic: { use: NAME }` takes `username` and `password`); every other file is a text, without the line break at its end.
 * Every workflow may use every secret of the folder. A file that is missing is no secret; one that cannot be read is an error.
 */
export function secretsFolder(folder: string): (name: string) => Promise<Json | undefined> {
  return async (name) => {
    // A definition chooses the name, so it must not lead out of the folder.
    if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) return undefined;
    const text = await readSecretFile(join(folder, name));
    if (text === undefined || text.length > SECRET_LIMIT_CHARACTERS) return undefined;
    return asObject(text) ?? text.replace(/\r?\n$/, '');
  };
}

async function readSecretFile(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new PlatformError('SERVICE_UNAVAILABLE', `Cannot read the secret "${file}": ${messageOf(error)}`, { cause: error });
  }
}

function asObject(text: string): ReturnType<typeof jsonObjectSchema.parse> | undefined {
  try {
    return jsonObjectSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
