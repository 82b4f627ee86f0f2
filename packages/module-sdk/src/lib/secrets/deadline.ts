import type { Clock } from '@loopwright/protocol';

/** The result of `work`, or the error of `expired` when that comes first. What `work` does later is nobody's. */
export function withDeadline<T>(
  work: Promise<T>,
  { clock, ms, expired }: { clock: Clock; ms: number; expired: () => Error },
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const cancel = clock.schedule(ms, () => reject(expired()));
    work.then(resolve, reject).finally(cancel);
  });
}
