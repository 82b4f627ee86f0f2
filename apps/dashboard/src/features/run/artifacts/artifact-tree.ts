import type { ArtifactSummary } from '@loopwright/protocol';

/** A folder of artifacts. */
export interface Folder {
  readonly name: string;
  readonly folders: readonly Folder[];
  readonly files: readonly ArtifactSummary[];
}

/** The artifacts of a phase as folders, by the "/" in their names; folders and files in the order of their names. */
export function treeOf(artifacts: readonly ArtifactSummary[], name = '', depth = 0): Folder {
  const below = new Map<string, ArtifactSummary[]>();
  const files: ArtifactSummary[] = [];
  for (const artifact of artifacts) {
    const parts = artifact.name.split('/');
    const folder = parts[depth];
    if (depth >= parts.length - 1 || folder === undefined) files.push(artifact);
    else below.set(folder, [...(below.get(folder) ?? []), artifact]);
  }
  const byName = (a: string, b: string): number => a.localeCompare(b);
  const folders = [...below].toSorted(([a], [b]) => byName(a, b)).map(([folder, inside]) => treeOf(inside, folder, depth + 1));
  return { name, folders, files: files.toSorted((a, b) => byName(a.name, b.name)) };
}

/** What a file is called in its folder. */
export function baseName({ name }: Pick<ArtifactSummary, 'name'>): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
