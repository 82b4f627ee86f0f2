import { createHash } from 'node:crypto';

/**
 * Where a key stands in a rollout, from 0 to below 100: the candidate answers those below its percentage. The same key is in the same place for the whole
 * rollout, so that whoever has got the candidate keeps it while the percentage grows; another rollout shuffles the keys anew.
 */
export function bucketOf(rolloutId: string, key: string): number {
  const digest = createHash('sha256').update(`${rolloutId}\n${key}`).digest();
  return (digest.readUInt32BE(0) / 2 ** 32) * 100;
}
