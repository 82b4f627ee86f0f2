import type { Random, SampleReason } from '@loopwright/protocol';

/** The part of the rate that every strategy takes by chance alone, so that the quality on all traffic can be estimated. */
export const CHANCE_SHARE = 0.25;

/**
 * Takes by chance with {@link CHANCE_SHARE} of the rate, else with a probability of the strategy's own; one number decides both, and the two are
 * independent.
 */
export function takeWith(
  random: Random,
  rate: number,
  { probability, reason }: { probability: number; reason: SampleReason },
): SampleReason | undefined {
  const chance = rate * CHANCE_SHARE;
  const drawn = random.next();
  if (drawn < chance) return 'random';
  return drawn < chance + (1 - chance) * probability ? reason : undefined;
}
