import { readFile } from 'node:fs/promises';
import { messageOf, PlatformError } from '@loopwright/protocol';
import { parse } from 'smol-toml';

/** Where secrets come from. */
export interface SecretProvider {
  /** The value now; `undefined` when there is none. @throws `SECRET_UNAVAILABLE` when it cannot be had now, `FORBIDDEN`. */
  get(name: string): Promise<string | undefined>;
}

const FILE_LIMIT_BYTES = 1024 * 1024;

/** Secrets of an environment: the variable `prefix` + name. */
export function environmentSecrets(environment: Readonly<Record<string, string | undefined>>, prefix = ''): SecretProvider {
  return { get: async (name) => (Object.hasOwn(environment, prefix + name) ? environment[prefix + name] : undefined) };
}

/** Secrets of a map, which its owner may change at any time. */
export function memorySecrets(values: ReadonlyMap<string, string>): SecretProvider {
  return { get: async (name) => values.get(name) };
}

/** Secrets of a TOML file: its texts at the top level, by name. It is read at each question, so that a new file counts at once. */
export function fileSecrets(path: string): SecretProvider {
  return {
    get: async (name) => {
      const entries = await readEntries(path);
      const value = Object.hasOwn(entries, name) ? entries[name] : undefined;
      if (value === undefined || typeof value === 'string') return value;
      throw new PlatformError('SECRET_UNAVAILABLE', `Cannot read the secret "${name}": it is no text in "${path}"`);
    },
  };
}

/** The first of several sources that has the secret. One that fails ends the search, so that nobody gets an older value of a later one. */
export function chainedSecrets(providers: readonly SecretProvider[]): SecretProvider {
  return {
    get: async (name) => {
      for (const provider of providers) {
        const value = await provider.get(name);
        if (value !== undefined) return value;
      }
      return undefined;
    },
  };
}

async function readEntries(path: string): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new PlatformError('SECRET_UNAVAILABLE', `Cannot read the secrets of "${path}": ${messageOf(error)}`);
  }
  if (text.length > FILE_LIMIT_BYTES)
    throw new PlatformError(
      'SECRET_UNAVAILABLE',
      `Cannot read the secrets of "${path}": it has more than ${FILE_LIMIT_BYTES} bytes`,
    );
  try {
    return parse(text);
  } catch {
    // The message of the parser quotes the line, and the line has a secret.
    throw new PlatformError('SECRET_UNAVAILABLE', `Cannot read the secrets of "${path}": it is no TOML`);
  }
}
