import { readFileSync, statSync } from 'node:fs';
import { PlatformError, messageOf } from '@loopwright/protocol';
import type { ModelProvider } from './model-name.ts';

/** Longest key that is read from a file, in bytes. */
const KEY_LIMIT_BYTES = 16 * 1024;
/** Shorter ones are ordinary words that local services take for a key (`ollama`): they are no secret, and blanking them out would spoil texts. */
const SECRET_CHARACTERS = 12;

/** Where the key of one provider comes from; the file is read at each use, so that a key can be replaced while the server runs. */
export interface KeySource {
  readonly key: string | null;
  readonly file: string | null;
}

/** The keys of the model providers. They go into request headers and nowhere else: whatever else is written goes through {@link redact}. */
export class ProviderKeys {
  readonly #sources: Readonly<Record<ModelProvider, KeySource>>;
  readonly #seen = new Set<string>();

  /** `secrets` are other texts that nobody may see. */
  constructor(sources: Readonly<Record<ModelProvider, KeySource>>, secrets: readonly string[] = []) {
    this.#sources = sources;
    for (const secret of secrets) this.#seen.add(secret);
  }

  /** The key of a provider; `undefined` when none is set. Throws PROVIDER_NOT_CONFIGURED when the file cannot be used. */
  of(provider: ModelProvider): string | undefined {
    const { key, file } = this.#sources[provider];
    const found = file === null ? key : readKey(file);
    if (found === null || found === '') return undefined;
    if (found.length >= SECRET_CHARACTERS) this.#seen.add(found);
    return found;
  }

  /** A text without any key that was ever used. */
  redact(text: string): string {
    let clean = text;
    for (const key of this.#seen) clean = clean.replaceAll(key, '[key]');
    return clean;
  }
}

function readKey(file: string): string {
  try {
    if (statSync(file).size > KEY_LIMIT_BYTES) throw new Error('it is too large for a key');
    const key = readFileSync(file, 'utf8').trim();
    if (!/^[\x21-\x7e]*$/.test(key)) throw new Error('it is not one line of printable characters');
    return key;
  } catch (error) {
    // The content is never part of the message.
    throw new PlatformError('PROVIDER_NOT_CONFIGURED', `Cannot read the key file "${file}": ${messageOf(error)}`, {
      cause: error,
    });
  }
}
