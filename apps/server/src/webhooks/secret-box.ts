import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { PlatformError, messageOf } from '@loopwright/protocol';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts secrets that must be shown to others again in the clear, as signing keys must, with AES-256-GCM. Under a key in a file of
 * its own (mode 0600), a copy of the tables, such as a backup or an export, does not have them.
 */
export class SecretBox {
  readonly #key: Buffer;

  /** Seals under a key of 32 bytes. */
  constructor(key: Buffer) {
    this.#key = key;
  }

  /** Reads the key from a file, or makes it when there is none. Throws STORE_FAILED when the file cannot be used. */
  static ofFile(file: string): SecretBox {
    let key: Buffer;
    try {
      key = readKey(file) ?? makeKey(file);
    } catch (error) {
      throw new PlatformError('STORE_FAILED', `Cannot use the key file "${file}": ${messageOf(error)}`, { cause: error });
    }
    if (key.length === KEY_BYTES) return new SecretBox(key);
    throw new PlatformError('STORE_FAILED', `Cannot use the key file "${file}": it does not hold ${KEY_BYTES} bytes in base64`);
  }

  /** Encrypts a text; only the same owner opens it again. */
  seal(text: string, owner: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(owner));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
  }

  /** Throws STORE_FAILED when the text was changed, is another owner's, or was sealed under another key. */
  open(sealed: string, owner: string): string {
    const bytes = Buffer.from(sealed, 'base64');
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, NONCE_BYTES))
        .setAAD(Buffer.from(owner))
        .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
    } catch (error) {
      throw new PlatformError('STORE_FAILED', `Cannot read the secret of "${owner}": it was sealed under another key`, {
        cause: error,
      });
    }
  }
}

function readKey(file: string): Buffer | undefined {
  try {
    return Buffer.from(readFileSync(file, 'utf8'), 'base64');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The key is on the disk before anything is sealed with it. */
function makeKey(file: string): Buffer {
  const key = randomBytes(KEY_BYTES);
  const handle = openSync(file, 'wx', 0o600);
  try {
    writeSync(handle, key.toString('base64'));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  return key;
}
