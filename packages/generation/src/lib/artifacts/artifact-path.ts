import { ARTIFACT_LIMITS } from './limits.ts';

/** The names of a path that is safe below any base on any system, or why there are none. */
export type CheckedPath =
  | { readonly ok: true; readonly names: readonly string[] }
  | { readonly ok: false; readonly reason: string };

/** Device names of Windows: with any extension and in any case they are no files there. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\s*\..*)?$/iu;

/**
 * Checks the path of an artifact. It is data that a model wrote: it must be relative, with "/" between its names, and mean the
 * same file on Linux, macOS and Windows. "./" and doubled slashes are dropped, ".." is refused even where it would stay inside.
 */
export function checkArtifactPath(path: string): CheckedPath {
  const whole = reasonAgainstPath(path);
  if (whole !== undefined) return { ok: false, reason: whole };
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  if (names.length === 0) return { ok: false, reason: 'the path names no file' };
  if (names.length > ARTIFACT_LIMITS.depth) return { ok: false, reason: `the path has more than ${ARTIFACT_LIMITS.depth} names` };
  for (const name of names) {
    const reason = reasonAgainstName(name);
    if (reason !== undefined) return { ok: false, reason };
  }
  return { ok: true, names };
}

/**
 * The form in which two names are one file on a file system that ignores case or Unicode normalization (APFS, NTFS). Upper
 * case first, because "ß" and "ſ" only meet "ss" and "s" there.
 */
export function foldName(name: string): string {
  return name.normalize('NFKD').toUpperCase().toLowerCase().normalize('NFKD');
}

function reasonAgainstPath(path: string): string | undefined {
  if (!path.isWellFormed()) return 'the path is not valid Unicode';
  if (/\p{Cc}/u.test(path)) return 'the path contains a control character';
  if (/\p{Cf}|\p{Zl}|\p{Zp}/u.test(path)) return 'the path contains an invisible character';
  if (path.includes('\\')) return 'the path contains a backslash';
  if (path.startsWith('/')) return 'the path is absolute';
  if (/^[A-Za-z]:/.test(path)) return 'the path begins with a drive letter';
  if (path.endsWith('/')) return 'the path names a folder';
  if (Buffer.byteLength(path) > ARTIFACT_LIMITS.pathBytes) return `the path is longer than ${ARTIFACT_LIMITS.pathBytes} bytes`;
  return undefined;
}

function reasonAgainstName(name: string): string | undefined {
  if (name === '..') return 'the path contains ".."';
  if (/[<>:"|?*]/.test(name)) return `the name "${name}" contains a character that Windows refuses`;
  if (/[. ]$/.test(name)) return `the name "${name}" ends with a dot or a space`;
  if (DEVICE.test(name)) return `the name "${name}" is reserved on Windows`;
  if (Buffer.byteLength(name) > ARTIFACT_LIMITS.nameBytes) return `a name is longer than ${ARTIFACT_LIMITS.nameBytes} bytes`;
  return undefined;
}
