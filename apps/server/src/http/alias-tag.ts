import { PlatformError, type ProgramAlias } from '@loopwright/protocol';

/** Strong: the alias with this tag is this alias, points there since the same move, and shares its requests in the same way. */
export function tagOf({ version, moved_at, rollout_id, weights }: ProgramAlias): string {
  const rollout = rollout_id === null ? '' : `-${rollout_id}-${weights.at(-1)?.percentage ?? 100}`;
  return `"${version ?? 'none'}-${moved_at === null ? 0 : Date.parse(moved_at)}${rollout}"`;
}

/** The alias that is to be moved, if it is there and as it was seen. Throws ALIAS_NOT_FOUND, and what {@link checkIfMatch} throws. */
export function seenAlias(alias: ProgramAlias | undefined, wanted: string | undefined): ProgramAlias {
  if (alias === undefined) throw new PlatformError('ALIAS_NOT_FOUND', 'Cannot move the alias: the program has none of this name');
  checkIfMatch(wanted, tagOf(alias), { what: 'the alias', current: alias });
  return alias;
}

/**
 * Lets a move through only by who has seen what is moved.
 *
 * @throws PlatformError PRECONDITION_REQUIRED: `If-Match` is missing; PRECONDITION_FAILED: it was seen in another state.
 */
export function checkIfMatch(wanted: string | undefined, tag: string, seen: { what: string; current: object }): void {
  const details = { current: JSON.parse(JSON.stringify(seen.current)) };
  if (wanted === undefined)
    throw new PlatformError('PRECONDITION_REQUIRED', `Cannot move ${seen.what}: the request does not say how it was seen`, {
      details,
    });
  if (wanted !== '*' && !wanted.split(',').some((part) => part.trim() === tag))
    throw new PlatformError('PRECONDITION_FAILED', `Cannot move ${seen.what}: it is not any more what was seen`, { details });
}
