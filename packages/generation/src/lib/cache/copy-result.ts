import type { ArtifactResult } from '@loopwright/protocol';

/** A copy of a result that shares nothing that can be changed with it. Texts are not copied: the cost is that of the nodes. */
export function copyResult(result: ArtifactResult): ArtifactResult {
  return copy(result);
}

function copy<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copy) as T;
  if (value === null || typeof value !== 'object') return value;
  // Own members whatever their name is: an assignment to `__proto__` would make none.
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copy(member)])) as T;
}
