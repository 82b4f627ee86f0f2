import { pointerPart } from '../definition/json-pointer.ts';
/** `name:version@catalogue`, or the URI of the function's document. */
const REFERENCE = /^([A-Za-z0-9][A-Za-z0-9._-]*):([0-9][A-Za-z0-9.+-]*)@([A-Za-z0-9][A-Za-z0-9._-]*)$/;
const GITHUB = /^https:\/\/github\.com\/([^/]+)\/([^/]+?)(?:\.git)?(?:\/(?:tree|blob)\/([^/]+)(\/.*)?)?\/?$/;

/** Whether a call names a function of a catalogue, or a function by its URI: what stands there was written by others. */
export function isCatalogued(call: string): boolean {
  return REFERENCE.test(call) || /^https?:\/\//.test(call);
}

/** Whether a pointer leads into one of these functions that comes from a catalogue: it gets no secret, no policy, no function of the definition. */
export function isInCatalogued(pointer: string, functions: Readonly<Record<string, unknown>> = {}): boolean {
  return (
    pointer.startsWith('/use/functions/') &&
    Object.keys(functions).some((name) => isCatalogued(name) && pointer.startsWith(`/use/functions/${pointerPart(name)}`))
  );
}

/**
 * The URI of the document of a function, or `undefined` when its catalogue is not among the given ones.
 *
 * @param catalogues the root URI of each, by name.
 */
export function documentUri(call: string, catalogues: ReadonlyMap<string, string>): string | undefined {
  const [, name, version, catalogue] = REFERENCE.exec(call) ?? [];
  if (name === undefined || version === undefined || catalogue === undefined) return rawUri(call);
  const root = catalogues.get(catalogue);
  return root === undefined ? undefined : `${rawUri(root).replace(/\/$/, '')}/functions/${name}/${version}/function.yaml`;
}

/** A page of GitHub is not the document that it shows: the standard asks for the raw one. */
function rawUri(uri: string): string {
  const [, owner, repository, branch = 'main', path = ''] = GITHUB.exec(uri) ?? [];
  return owner === undefined ? uri : `https://raw.githubusercontent.com/${owner}/${repository}/refs/heads/${branch}${path}`;
}
