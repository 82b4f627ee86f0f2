import { readFileSync, readdirSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { digestOf } from '@loopwright/engine';
import { PlatformError, messageOf, toJson } from '@loopwright/protocol';
import type { PolicyDocument } from './policy-document.ts';
import { type EffectivePolicy, mergePolicies } from './merge-policies.ts';
import { type PolicySource, readPolicy } from './read-policy.ts';

const BUNDLED_UNIVERSAL = join(import.meta.dirname, 'universal.yaml');
const EXTENSIONS = new Set(['.yaml', '.yml', '.json']);

/**
 * The policy layers of a server: `universal.yaml` of the folder in place of the bundled one, and `projects/{project_id}.yaml`. They are read
 * at the start; a change takes effect with the next one, so that two phases of a run are not judged by files that are being edited.
 */
export class PolicyFolder {
  readonly #universal: PolicySource;
  readonly #projects: ReadonlyMap<string, PolicySource>;

  /** Reads the layers; `null` for the bundled one alone. Throws INVALID_POLICY naming file, pointer and line, or INVALID_CONFIGURATION. */
  constructor(folder: string | null) {
    const top = folder === null ? [] : filesOf(folder, true);
    const own = top.find((file) => basename(file, extname(file)) === 'universal') ?? BUNDLED_UNIVERSAL;
    this.#universal = sourceOf(own, { layer: 'universal', projectId: null });
    const stranger = top.find((file) => basename(file, extname(file)) !== 'universal');
    if (stranger !== undefined)
      throw new PlatformError(
        'INVALID_POLICY',
        `Cannot use the policy "${stranger}": a layer is "universal" or stands in "projects"`,
      );
    const projects = folder === null ? [] : filesOf(join(folder, 'projects'), false);
    this.#projects = new Map(
      projects.map((file) => {
        const projectId = basename(file, extname(file));
        return [projectId, sourceOf(file, { layer: 'project', projectId })];
      }),
    );
    // A layer that does not fit the ones above is refused now, not in the middle of a run.
    for (const projectId of ['', ...this.#projects.keys()]) this.effective(projectId);
  }

  /** All layers that were read. */
  list(): readonly (PolicySource & { readonly digest: string })[] {
    const sources = [this.#universal, ...this.#projects.values()];
    return sources.map((source) => Object.assign({ digest: digestOf(toJson(source.document)) }, source));
  }

  /** The policy of a project, with a layer of a run below it. Throws INVALID_POLICY for a gate that there is not. */
  effective(projectId: string, run?: PolicyDocument): EffectivePolicy {
    const project = this.#projects.get(projectId);
    return mergePolicies([
      this.#universal,
      ...(project === undefined ? [] : [project]),
      ...(run === undefined ? [] : [{ layer: 'run', projectId: null, source: 'run', document: run } as const]),
    ]);
  }
}

function sourceOf(file: string, { layer, projectId }: Pick<PolicySource, 'layer' | 'projectId'>): PolicySource {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new PlatformError('INVALID_CONFIGURATION', `Cannot read the policy "${file}": ${messageOf(error)}`, { cause: error });
  }
  return { layer, projectId, source: basename(file), document: readPolicy(text, file) };
}

function filesOf(folder: string, isRequired: boolean): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && EXTENSIONS.has(extname(entry.name)))
      .map(({ name }) => join(folder, name))
      .sort();
  } catch (error) {
    if (!isRequired && (error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new PlatformError('INVALID_CONFIGURATION', `Cannot read the folder of policies "${folder}": ${messageOf(error)}`, {
      cause: error,
    });
  }
}
