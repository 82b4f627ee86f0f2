import type { TimelineEntry } from '@loopwright/protocol';

/** Which version a rollback goes to, by the server's rule: a rollback takes back what it went back from. `null`: there is none. */
export function versionBefore(entries: readonly Pick<TimelineEntry, 'version' | 'is_rollback'>[]): number | null {
  const stack: number[] = [];
  for (const { version, is_rollback: isRollback } of entries) {
    if (isRollback) stack.pop();
    if (stack.at(-1) !== version) stack.push(version);
  }
  return stack.at(-2) ?? null;
}
