import { PlatformError } from '@loopwright/protocol';

/** A move as it is recorded. */
interface RecordedMove {
  readonly id: string;
  readonly from: number | null;
  readonly to: number | null;
}

/** What {@link movePointer} works with. */
interface PointerParts<Move extends RecordedMove> {
  /** What is moved, for people. */
  readonly what: string;
  /** Where it points now. */
  readonly current: number | null;
  /** The version that it must point to now; `undefined`: any. */
  readonly expected: number | null | undefined;
  /** The moves of this pointer, the oldest first. */
  readonly moves: readonly Move[];
  /** Brings a record to the disk. */
  readonly append: (move: Move) => Promise<void>;
  /** Lets the pointer point to where the move goes. */
  readonly point: (move: Move) => Promise<void>;
}

/**
 * Moves a pointer by compare-and-set, its record first. A move that was recorded, but whose answer or whose switch was lost in a crash, is completed by the
 * same call again. Only for the holder of the folder's lock.
 *
 * @throws PlatformError ALIAS_MOVED
 */
export async function movePointer<Move extends RecordedMove>(
  move: Move,
  { what, current, expected, moves, append, point }: PointerParts<Move>,
): Promise<Move> {
  const known = moves.findIndex(({ id }) => id === move.id);
  const earlier = moves[known];
  const refuse = (): never => {
    const where = current === null ? 'not set' : `version ${current}`;
    throw new PlatformError('ALIAS_MOVED', `Cannot move ${what}: it is ${where}`, {
      details: { expected: expected ?? null, active: current },
    });
  };
  if (earlier !== undefined) {
    const isLast = known === moves.length - 1;
    if (earlier.to !== move.to || !isLast || (current !== earlier.to && current !== earlier.from)) refuse();
    if (current !== move.to) await point(earlier);
    return earlier;
  }
  if (expected !== undefined && expected !== current) refuse();
  await append(move);
  await point(move);
  return move;
}
