import { readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { PlatformError, messageOf } from '@loopwright/protocol';
import { mergePolicies } from './merge-policies.ts';
import { POLICY_LIMIT_BYTES } from './policy-document.ts';
import { type PolicySource, readPolicy } from './read-policy.ts';

const BUNDLED_UNIVERSAL = join(import.meta.dirname, 'universal.yaml');
const EXTENSIONS = new Set(['.yaml', '.yml', '.json']);

/** The layers of a folder: all that holds besides the layer of a run. */
export interface PolicyLayers {
  readonly universal: PolicySource;
  readonly projects: ReadonlyMap<string, PolicySource>;
}

/**
 * Reads the layers of a folder; `null` for the bundled one alone. Throws INVALID_POLICY naming file, pointer and line, also for a layer that does not fit
 * those above it, and INVALID_CONFIGURATION for what cannot be read.
 */
export function readLayers(folder: string | null): PolicyLayers {
  const top = folder === null ? [] : filesOf(folder, true);
  const stranger = top.find((file) => nameOf(file) !== 'universal');
  if (stranger !== undefined) throw refused(stranger, 'a layer is "universal" or stands in "projects"');
  const own = top[0] ?? BUNDLED_UNIVERSAL;
  const universal = sourceOf(own, { layer: 'universal', projectId: null });
  const files = folder === null ? [] : filesOf(join(folder, 'projects'), false);
  const projects = new Map(
    files.map((file) => [nameOf(file), sourceOf(file, { layer: 'project', projectId: nameOf(file) })] as const),
  );
  checkFit([universal], own);
  for (const file of files) {
    const project = projects.get(nameOf(file));
    if (project !== undefined) checkFit([universal, project], file);
  }
  return { universal, projects };
}

/** What can be seen of the files and folders without reading them: differs as soon as one of them was written, put there or taken away. */
export function lookOfLayers(folder: string): string {
  const projects = join(folder, 'projects');
  const paths = [folder, projects, ...filesOf(folder, false), ...filesOf(projects, false)];
  return paths
    .map((path) => {
      const found = statSync(path, { bigint: true, throwIfNoEntry: false });
      // The time of the last change of the inode: nobody sets that by hand, as a copy that keeps its dates does with the other one.
      return `${path} ${found === undefined ? 'none' : [found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ')}`;
    })
    .join('\n');
}

/** A layer that does not fit the ones above is refused now, not in the middle of a run. */
function checkFit(sources: readonly PolicySource[], file: string): void {
  try {
    mergePolicies(sources);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    throw new PlatformError('INVALID_POLICY', `${error.message} ("${file}")`, {
      details: { ...error.details, source: file },
      cause: error,
    });
  }
}

function sourceOf(file: string, { layer, projectId }: Pick<PolicySource, 'layer' | 'projectId'>): PolicySource {
  let text: string;
  try {
    const { size } = statSync(file);
    if (size > POLICY_LIMIT_BYTES) throw new RangeError(`it has more than ${POLICY_LIMIT_BYTES} bytes`);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new PlatformError('INVALID_CONFIGURATION', `Cannot read the policy "${file}": ${messageOf(error)}`, { cause: error });
  }
  // What an editor or a full disk leaves behind: taken for a layer it would say nothing, and hold nobody to anything.
  if (text.trim() === '') throw refused(file, 'it is empty; a layer that says nothing is {}');
  return { layer, projectId, source: basename(file), document: readPolicy(text, file) };
}

function filesOf(folder: string, isRequired: boolean): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && EXTENSIONS.has(extname(entry.name)))
      .map(({ name }) => join(folder, name))
      .sort();
  } catch (error) {
    if (!isRequired && error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new PlatformError('INVALID_CONFIGURATION', `Cannot read the folder of policies "${folder}": ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function nameOf(file: string): string {
  return basename(file, extname(file));
}

function refused(file: string, why: string): PlatformError {
  return new PlatformError('INVALID_POLICY', `Cannot use the policy "${file}": ${why}`, { details: { source: file } });
}
