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
  /** How many bytes those are, with the beginning of the log. */
  readonly soundBytes: number;
  /** Commits behind the first frame that is not, which fit to the frame before them: they were written after it. */
  readonly commitsBehind: number;
  /** Frames that readers had been told of, as far as the index beside the log says; 0 without one. */
  readonly told: number;
  /**
   * Whether the log was written since the machine started, so that no loss of power can have kept parts of it from the disk. `false` where that
   * cannot be known.
   */
  readonly isOfThisBoot: boolean;
}

/** Reads the log of a database file; `undefined` when there is none or nothing in it. Throws when it cannot be read. */
export function readLog(databaseFile: string): LogState | undefined {
  const file = openIfThere(`${databaseFile}-wal`);
  if (file === undefined) return undefined;
  try {
    const { size, mtimeMs } = fstatSync(file);
    const header = bytesAt(file, 0, HEADER_BYTES);
    if (size < HEADER_BYTES + FRAME_HEADER_BYTES) return undefined;
    const magic = header.readUInt32BE(0);
    const known = { told: toldFrames(databaseFile, header), isOfThisBoot: mtimeMs >= (bootTimeMs() ?? Infinity) };
    if ((magic & 0xfffffffe) >>> 0 !== MAGIC) return { ...UNREADABLE, ...known };
    return { ...countFrames(file, header, { size, isBigEndian: magic !== MAGIC }), ...known };
  } finally {
    closeSync(file);
  }
}

/**
 * Whether a log has lost commits that were acknowledged. A process that dies leaves whole frames or a cut one at the end. When the power is lost, one
 * commit may be half on the disk, and with `process` nothing says how far the others have come: then only commits behind the damage tell.
 */
export function hasLostCommits(
  { isReadable, sound, commitsBehind, told, isOfThisBoot }: LogState,
  durability: 'process' | 'full',
): boolean {
  if (!isReadable || commitsBehind > (isOfThisBoot ? 0 : 1)) return true;
  return told > sound && (isOfThisBoot || durability === 'full');
}

const UNREADABLE = { isReadable: false, sound: 0, soundBytes: 0, commitsBehind: 0 } as const;

function countFrames(
  file: number,
  header: Buffer,
  { size, isBigEndian }: { size: number; isBigEndian: boolean },
): Omit<LogState, 'told' | 'isOfThisBoot'> {
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
    const isOfThisLog = frame.subarray(8, 16).equals(salts);
    if (isOfThisLog) {
      sum.add(frame.subarray(0, 8));
      sum.add(frame.subarray(FRAME_HEADER_BYTES));
    }
    const fits = isOfThisLog && isSum(sum, frame, 16);
    isSound &&= fits;
    if (isSound) sound += 1;
    else if (fits && frame.readUInt32BE(4) !== 0) commitsBehind += 1;
    // The next frame was made from the checksum that this one says it has.
    sum.set(frame.readUInt32BE(16), frame.readUInt32BE(20));
  }
  return { isReadable: true, sound, soundBytes: HEADER_BYTES + sound * frameBytes, commitsBehind };
}

/** The running checksum of a log: two sums over words of 32 bits that depend on each other. */
function checksum(isBigEndian: boolean): {
  add(bytes: Buffer): void;
  set(one: number, other: number): void;
  values(): readonly [number, number];
} {
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
    set: (one, other) => {
      first = one;
      second = other;
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

/** When the machine started, in milliseconds since 1970-01-01 UTC; `undefined` where the system does not say. */
function bootTimeMs(): number | undefined {
  try {
    const [, seconds] = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8')) ?? [];
    return seconds === undefined ? undefined : Number(seconds) * 1000;
  } catch {
    return undefined;
  }
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
