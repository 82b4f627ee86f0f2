import { type PathLike, closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';

/*
 * Looks at a write-ahead log before SQLite does. SQLite ends its recovery at the first frame whose checksum is wrong and forgets what comes after
 * it without a word: right for what a crash left half written, wrong for acknowledged commits behind a damaged byte. See the file format of SQLite, §4.
 */

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** Begins a log whose checksums are made of little-endian words; with the lowest bit set they are big-endian. */
const MAGIC = 0x377f0682;

/** What is in a log. */
export interface LogState {
  /** Whether the first bytes are those of a log; without them none of its frames counts. */
  readonly isReadable: boolean;
  /** Frames that are sound, from the first one on. */
  readonly sound: number;
  /** Commits behind the first frame that is not. A crash leaves one at most: the commit that was being written. */
  readonly commitsBehind: number;
  /** Frames that readers had been told of, as far as the index beside the log says; 0 without one. */
  readonly told: number;
}

/** Reads the log of a database file; `undefined` when there is none or nothing in it. Throws when it cannot be read. */
export function readLog(databaseFile: string): LogState | undefined {
  const file = openIfThere(`${databaseFile}-wal`);
  if (file === undefined) return undefined;
  try {
    const size = fstatSync(file).size;
    const header = bytesAt(file, 0, HEADER_BYTES);
    if (size < HEADER_BYTES + FRAME_HEADER_BYTES) return undefined;
    const magic = header.readUInt32BE(0);
    const told = toldFrames(databaseFile, header);
    if ((magic & 0xfffffffe) >>> 0 !== MAGIC) return { ...UNREADABLE, told };
    return { ...countFrames(file, header, { size, isBigEndian: magic !== MAGIC }), told };
  } finally {
    closeSync(file);
  }
}

/** Whether the log has lost commits that were acknowledged. */
export function hasLostCommits({ isReadable, sound, commitsBehind, told }: LogState): boolean {
  return !isReadable || commitsBehind > 1 || told > sound;
}

const UNREADABLE = { isReadable: false, sound: 0, commitsBehind: 0 } as const;

function countFrames(
  file: number,
  header: Buffer,
  { size, isBigEndian }: { size: number; isBigEndian: boolean },
): Omit<LogState, 'told'> {
  const pageBytes = header.readUInt32BE(8) === 1 ? 65_536 : header.readUInt32BE(8);
  const frameBytes = FRAME_HEADER_BYTES + pageBytes;
  const salts = header.subarray(16, 24);
  const sum = checksum(isBigEndian);
  sum.add(header.subarray(0, 24));
  if (!isSum(sum, header, 24)) return UNREADABLE;
  let sound = 0;
  let commitsBehind = 0;
  let isSound = true;
  for (let at = HEADER_BYTES; at + frameBytes <= size; at += frameBytes) {
    const frame = bytesAt(file, at, frameBytes);
    // Frames of an earlier log are left behind the end of this one: they carry other salts.
    if (!frame.subarray(8, 16).equals(salts)) isSound = false;
    else if (isSound) {
      sum.add(frame.subarray(0, 8));
      sum.add(frame.subarray(FRAME_HEADER_BYTES));
      isSound = isSum(sum, frame, 16);
    }
    if (isSound) sound += 1;
    else if (frame.readUInt32BE(4) !== 0 && frame.subarray(8, 16).equals(salts)) commitsBehind += 1;
  }
  return { isReadable: true, sound, commitsBehind };
}

/** The running checksum of a log: two sums over words of 32 bits that depend on each other. */
function checksum(isBigEndian: boolean): { add(bytes: Buffer): void; values(): readonly [number, number] } {
  let first = 0;
  let second = 0;
  return {
    add: (bytes) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let at = 0; at < bytes.length; at += 8) {
        first = (first + view.getUint32(at, !isBigEndian) + second) >>> 0;
        second = (second + view.getUint32(at + 4, !isBigEndian) + first) >>> 0;
      }
    },
    values: () => [first, second],
  };
}

function isSum(sum: { values(): readonly [number, number] }, bytes: Buffer, at: number): boolean {
  const [first, second] = sum.values();
  return bytes.readUInt32BE(at) === first && bytes.readUInt32BE(at + 4) === second;
}

/** The number of frames in the index that a dead process left (`-shm`), when the index is of this log. It has the byte order of the machine. */
function toldFrames(databaseFile: string, header: Buffer): number {
  let index: Buffer;
  try {
    index = readFileSync(`${databaseFile}-shm`).subarray(0, 48);
  } catch {
    return 0;
  }
  const isOfThisLog = index.length === 48 && index.subarray(32, 40).equals(header.subarray(16, 24));
  return isOfThisLog ? new DataView(index.buffer, index.byteOffset).getUint32(16, true) : 0;
}

function openIfThere(path: PathLike): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function bytesAt(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const read = readSync(file, bytes, 0, length, position);
  return bytes.subarray(0, read);
}
