import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PlatformError, type ProgramBundle, type ProgramMetadata, messageOf, programMetadataSchema } from '@loopwright/protocol';
import { z } from 'zod';
import { isMissing, renameDurably, syncFolder, writeDurably } from './durable-file.ts';
import { FILES_LIMIT_BYTES, FILES_PER_VERSION } from './limits.ts';

/** A version as it is read back, its digests checked. */
export interface StoredProgram {
  readonly metadata: ProgramMetadata;
  /** `program.ts` or `program.py`. */
  readonly source: string;
  /** `program.js`: the body of a function that returns `run`. In Python: the source. */
  readonly code: string;
}

/** What is in a version besides the program: tests, a model card. */
export type ExtraFiles = Readonly<Record<string, string | Uint8Array>>;

/** Names and SHA-256 of the files of a version. */
const digestsSchema = z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/u));

const ownNames = ['program.ts', 'program.js', 'program.py', 'metadata.json', 'digests.json'];

const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** Refuses names that are no plain file names, that are ours, or that differ in case only; and too much of anything. */
export function checkExtraFiles(files: ExtraFiles): void {
  const names = Object.keys(files);
  const seen = new Set(ownNames);
  let size = 0;
  for (const name of names) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/u.test(name) || name.endsWith('.') || seen.has(name.toLowerCase())) {
      throw new PlatformError(
        'VALIDATION_ERROR',
        `Cannot store the file ${JSON.stringify(name.slice(0, 120))}: its name is not allowed`,
      );
    }
    seen.add(name.toLowerCase());
    size += Buffer.byteLength(files[name] ?? '');
  }
  if (names.length > FILES_PER_VERSION || size > FILES_LIMIT_BYTES) {
    throw new PlatformError('PAYLOAD_TOO_LARGE', 'Cannot store the version: it has too many files or they are too large', {
      details: { limit_files: FILES_PER_VERSION, limit_bytes: FILES_LIMIT_BYTES },
    });
  }
}

/**
 * Writes a version, all or nothing: into `.incoming`, which then gets its name. Only for the holder of the folder's lock,
 * which is why what lies in `.incoming` is the rest of a crash.
 */
export async function writeVersion(folder: string, program: StoredProgram, files: ExtraFiles): Promise<void> {
  await writeFiles(folder, program.metadata.version, {
    ...(program.metadata.language === 'python'
      ? { 'program.py': program.source }
      : { 'program.ts': program.source, 'program.js': program.code }),
    'metadata.json': `${JSON.stringify(program.metadata, null, 2)}\n`,
    ...files,
  });
}

/** Writes the files of a version, all or nothing, in the place of those it has. Only for the holder of the folder's lock. */
async function writeFiles(
  folder: string,
  version: number,
  contents: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  const incoming = join(folder, '.incoming');
  await rm(incoming, { recursive: true, force: true });
  await mkdir(incoming);
  const digests: Record<string, string> = {};
  for (const [name, content] of Object.entries(contents)) {
    digests[name] = sha256(content);
    await writeDurably(join(incoming, name), content);
  }
  await writeDurably(join(incoming, 'digests.json'), `${JSON.stringify(digests, null, 2)}\n`);
  await syncFolder(incoming);
  const path = join(folder, `v${version}`);
  const replaced = join(folder, `.replaced-v${version}`);
  // No file system call exchanges two folders from here: between the two renames the version is not there, which `restoreReplaced` sets right after a crash.
  if (await isThere(path)) await renameDurably(path, replaced, folder);
  await renameDurably(incoming, path, folder);
  await rm(replaced, { recursive: true, force: true });
}

/** Brings back versions that were to be replaced when a crash came. Only for the holder of the folder's lock. */
export async function restoreReplaced(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const version = /^\.replaced-(v[1-9]\d{0,8})$/u.exec(name)?.[1];
    if (version === undefined) continue;
    if (await isThere(join(folder, version))) await rm(join(folder, name), { recursive: true, force: true });
    else await renameDurably(join(folder, name), join(folder, version), folder);
  }
}

/** Every file of a version, its digests checked; throws as {@link readVersion} does. */
export async function readBundle(folder: string, version: number): Promise<ProgramBundle> {
  const { metadata } = await readVersion(folder, version);
  const names = Object.keys(await readDigests(folder, version));
  const contents = await readChecked(folder, version, names);
  const files = names.map((name, index) => [name, contents[index]?.toString('base64') ?? ''] as const);
  return { task_id: metadata.task_id, version, digest: metadata.digest, files: Object.fromEntries(files) };
}

/**
 * Writes a version that another machine gave, under the number it has there. Only for the holder of the folder's lock.
 *
 * @throws PlatformError INVALID_PROGRAM: the bundle is not whole, or not of this program, version and digest; VALIDATION_ERROR, PAYLOAD_TOO_LARGE: its files.
 */
export async function writeBundle(
  folder: string,
  { task_id: taskId, version, digest, files }: ProgramBundle,
): Promise<ProgramMetadata> {
  const contents = Object.fromEntries(Object.entries(files).map(([name, text]) => [name, Buffer.from(text, 'base64')]));
  const { 'program.ts': typescript, 'program.js': code, 'program.py': python, 'metadata.json': text, ...extra } = contents;
  checkExtraFiles(extra);
  const refused = (reason: string): PlatformError =>
    new PlatformError('INVALID_PROGRAM', `Cannot take over version ${version} of "${taskId}": ${reason}`);
  if (text === undefined) throw refused('one of its own files is missing');
  let metadata: ProgramMetadata;
  try {
    metadata = programMetadataSchema.parse(JSON.parse(text.toString('utf8')));
  } catch (error) {
    throw refused(`metadata.json cannot be read: ${messageOf(error)}`);
  }
  const isPython = metadata.language === 'python';
  const source = isPython ? python : typescript;
  if (source === undefined || (isPython ? (code ?? typescript) : python) !== undefined || (!isPython && code === undefined))
    throw refused('its own files are not those of its language');
  if (metadata.task_id !== taskId || metadata.version !== version) throw refused('it is of another program or version');
  if (sha256(source) !== digest || metadata.digest !== digest) throw refused('the source does not match its digest');
  await writeFiles(folder, version, contents);
  return metadata;
}

async function isThere(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/**
 * Reads a version and checks that nobody has changed it.
 *
 * @throws PlatformError ARTIFACT_NOT_FOUND; INVALID_PROGRAM when a file is not the one that was stored.
 */
export async function readVersion(folder: string, version: number): Promise<StoredProgram> {
  const metadata = await readMetadata(folder, version);
  const names = metadata.language === 'python' ? ['program.py'] : ['program.ts', 'program.js'];
  const [source, code = source] = await readTexts(folder, version, names);
  if (source === undefined || code === undefined || sha256(source) !== metadata.digest) {
    throw changed(folder, version, 'the source does not match its digest');
  }
  return { metadata, source, code };
}

/** Reads `metadata.json` of a version; throws as {@link readVersion} does. */
export async function readMetadata(folder: string, version: number): Promise<ProgramMetadata> {
  const [text] = await readTexts(folder, version, ['metadata.json']);
  try {
    return programMetadataSchema.parse(JSON.parse(text ?? ''));
  } catch (error) {
    throw changed(folder, version, `metadata.json cannot be read: ${messageOf(error)}`);
  }
}

/** Reads one of the further files of a version; throws as {@link readVersion} does. */
export async function readExtraFile(folder: string, version: number, name: string): Promise<string> {
  checkExtraFiles({ [name]: '' });
  const [text] = await readTexts(folder, version, [name]);
  return text ?? '';
}

async function readTexts(folder: string, version: number, names: readonly string[]): Promise<string[]> {
  return (await readChecked(folder, version, names)).map((content) => content.toString('utf8'));
}

async function readDigests(folder: string, version: number): Promise<Record<string, string>> {
  try {
    return digestsSchema.parse(JSON.parse(await readFile(join(folder, `v${version}`, 'digests.json'), 'utf8')));
  } catch (error) {
    if (isMissing(error))
      throw new PlatformError('ARTIFACT_NOT_FOUND', `Cannot read version ${version}: there is no such version`);
    throw changed(folder, version, 'digests.json cannot be read');
  }
}

async function readChecked(folder: string, version: number, names: readonly string[]): Promise<Buffer[]> {
  const path = join(folder, `v${version}`);
  const digests = await readDigests(folder, version);
  return Promise.all(
    names.map(async (name) => {
      const content = await readFile(join(path, name)).catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      });
      if (content === undefined && digests[name] === undefined) {
        throw new PlatformError('ARTIFACT_NOT_FOUND', `Cannot read "${name}" of version ${version}: there is no such file`);
      }
      if (content === undefined || sha256(content) !== digests[name]) {
        throw changed(folder, version, `${name} does not match its digest`);
      }
      return content;
    }),
  );
}

function changed(folder: string, version: number, reason: string): PlatformError {
  return new PlatformError('INVALID_PROGRAM', `Cannot load version ${version} from "${folder}": ${reason}`);
}
