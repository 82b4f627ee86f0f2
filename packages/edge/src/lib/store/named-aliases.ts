import {
  ACTIVE_ALIAS,
  ALIASES_PER_PROGRAM,
  type Clock,
  type JsonObject,
  PlatformError,
  type RolloutPlan,
  aliasNameSchema,
  isoTime,
} from '@loopwright/protocol';
import { readAliases, writeAliases } from './alias-file.ts';
import { movePointer } from './move-pointer.ts';
import { type AliasMove, appendAliasMove, readAliasMoves } from './promotion-log.ts';

/** Throws VALIDATION_ERROR for what is no name of an alias. */
export function checkAliasName(alias: string): string {
  if (aliasNameSchema.safeParse(alias).success) return alias;
  throw new PlatformError('VALIDATION_ERROR', `Cannot use ${JSON.stringify(alias.slice(0, 100))} as the name of an alias`);
}

/** How an alias other than `active` is to be moved. */
interface NamedMove {
  readonly taskId: string;
  readonly alias: string;
  /** `null` removes it. */
  readonly version: number | null;
  readonly expected?: number | null | undefined;
  readonly record: JsonObject & { id: string };
}

/** Moves, makes or removes an alias. Only for the holder of the folder's lock. Throws ALIAS_MOVED, LIMIT_EXCEEDED. */
export async function moveAlias(
  folder: string,
  { taskId, alias, version, expected, record }: NamedMove,
  clock: Clock,
): Promise<AliasMove> {
  const pointers = await readAliases(folder);
  const before = pointers.get(alias);
  // `active` is one of them, and always there.
  if (version !== null && before === undefined && pointers.size >= ALIASES_PER_PROGRAM - 1)
    throw new PlatformError(
      'LIMIT_EXCEEDED',
      `Cannot make the alias "${alias}" of "${taskId}": there are ${ALIASES_PER_PROGRAM} already`,
      { details: { limit: ALIASES_PER_PROGRAM, aliases: [ACTIVE_ALIAS, ...pointers.keys()] } },
    );
  const current = before?.version ?? null;
  const move: AliasMove = { ...record, alias, at: isoTime(clock.now()), from: current, to: version };
  return movePointer(move, {
    what: `the alias "${alias}" of "${taskId}"`,
    current,
    expected,
    moves: await readAliasMoves(folder, alias),
    append: (made) => appendAliasMove(folder, made),
    point: ({ to }) => {
      const next = new Map(pointers);
      // A rollout looks by itself whether the alias is still where it began.
      if (to === null) next.delete(alias);
      else next.set(alias, { version: to, rollout: before?.rollout ?? null });
      return writeAliases(folder, next);
    },
  });
}

/** Replaces the rollout of an alias, or ends it with `null`; of one that is not there any more there is none. Only for the holder of the folder's lock. */
export async function setAliasRollout(folder: string, alias: string, plan: RolloutPlan | null): Promise<void> {
  const pointers = await readAliases(folder);
  const pointer = pointers.get(alias);
  if (pointer === undefined) return;
  await writeAliases(folder, new Map(pointers).set(alias, { ...pointer, rollout: plan }));
}
