import type { ProgramStore } from '@loopwright/edge';
import { ACTIVE_ALIAS, PlatformError } from '@loopwright/protocol';

/**
 * The version that an alias points to, from which a rollout is to move it to a candidate. Throws ARTIFACT_NOT_FOUND, NO_ACTIVE_VERSION, ALIAS_NOT_FOUND; ALIAS_MOVED
 * when it does not point to `expected`; INVALID_STATE when it points to the candidate.
 */
export async function findIncumbent(
  programs: ProgramStore,
  program: string,
  { alias, candidate, expected }: { readonly alias: string; readonly candidate: number; readonly expected: number | null },
): Promise<number> {
  await programs.loadMetadata(program, candidate);
  const incumbent = await programs.getAlias(program, alias);
  const cannot = `Cannot start a rollout of "${program}"`;
  if (incumbent === null)
    throw alias === ACTIVE_ALIAS
      ? new PlatformError('NO_ACTIVE_VERSION', `${cannot}: no version is active`)
      : new PlatformError('ALIAS_NOT_FOUND', `${cannot}: it has no alias "${alias}"`);
  if (incumbent !== expected)
    throw new PlatformError('ALIAS_MOVED', `${cannot}: "${alias}" is version ${incumbent} by now`, {
      details: { expected, active: incumbent },
    });
  if (incumbent === candidate) throw new PlatformError('INVALID_STATE', `${cannot}: version ${candidate} is the ${alias} one`);
  return incumbent;
}
