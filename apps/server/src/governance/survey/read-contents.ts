import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { SURVEY_LIMITS } from './limits.ts';

/** What was read of a file. */
export interface Contents {
  readonly bytes: number;
  readonly digest: string | null;
  /** The text; `null` for what is none, too large or not read. */
  readonly text: string | null;
  readonly unread: string | null;
}

const PIECE = 256 * 1024;

/** Reads files of a workspace one after the other, within the limit on all of them. */
export class ContentReader {
  readonly #root: string;
  #left: number = SURVEY_LIMITS.totalBytes;

  constructor(root: string) {
    this.#root = root;
  }

  /** Reads one file. No link is followed, nothing but a file is opened, and no more than the text that is looked at is held. */
  read(path: string, bytes: number): Contents {
    if (bytes > this.#left) return { bytes, digest: null, text: null, unread: 'the workspace has more bytes than are read' };
    let file: number;
    try {
      file = openSync(join(this.#root, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch {
      return { bytes, digest: null, text: null, unread: 'it cannot be opened' };
    }
    try {
      return this.#contents(file);
    } catch {
      return { bytes, digest: null, text: null, unread: 'it cannot be read' };
    } finally {
      closeSync(file);
    }
  }

  #contents(file: number): Contents {
    const before = fstatSync(file);
    if (!before.isFile()) return { bytes: 0, digest: null, text: null, unread: 'it is no file' };
    const isSmall = before.size <= SURVEY_LIMITS.textBytes;
    const hash = createHash('sha256');
    const pieces: Buffer[] = [];
    let bytes = 0;
    for (;;) {
      const piece = Buffer.allocUnsafe(PIECE);
      const count = readSync(file, piece, 0, PIECE, null);
      if (count === 0) break;
      bytes += count;
      this.#left -= count;
      if (this.#left < 0)
        return { bytes: before.size, digest: null, text: null, unread: 'the workspace has more bytes than are read' };
      hash.update(piece.subarray(0, count));
      if (isSmall) pieces.push(piece.subarray(0, count));
    }
    const digest = hash.digest('hex');
    if (!isSmall) return { bytes, digest, text: null, unread: `it has more than ${SURVEY_LIMITS.textBytes} bytes` };
    const content = Buffer.concat(pieces);
    // A text of UTF-16 has zeros too, and a secret in it would be missed: it is read as what it says it is.
    const isUtf16 = content.length >= 2 && [0xfeff, 0xfffe].includes(content.readUInt16BE(0));
    if (!isUtf16 && content.subarray(0, 8192).includes(0)) return { bytes, digest, text: null, unread: null };
    const encoding = !isUtf16 ? 'utf-8' : content[0] === 0xfe ? 'utf-16be' : 'utf-16le';
    // What is no valid text becomes replacement characters; the rest is looked at all the same.
    return { bytes, digest, text: new TextDecoder(encoding).decode(content), unread: null };
  }
}
