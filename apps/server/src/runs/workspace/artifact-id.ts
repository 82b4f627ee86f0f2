/**
 * The id of an artifact: `{phase}_{filename}` as the source has it. A "/" of a nested path is written `~1` and a "~" `~0`; names of phases have no "_":
 * so no two files of a run have the same id.
 */
export function artifactIdOf(phase: string, path: string): string {
  return `${phase}_${path.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The phase and the path that an id names; `undefined` for a text that is no id. */
export function readArtifactId(id: string): { readonly phase: string; readonly path: string } | undefined {
  const [, phase, path] = /^([^_/]+)_(.+)$/su.exec(id) ?? [];
  if (phase === undefined || path === undefined) return undefined;
  const plain = path.replaceAll('~1', '/').replaceAll('~0', '~');
  return artifactIdOf(phase, plain) === id ? { phase, path: plain } : undefined;
}
