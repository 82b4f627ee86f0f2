import { createHash } from 'node:crypto';
import type { JournalEntry } from './execution.ts';

/** The execution that an entry waits for. */
export function childOf({ kind, state, value }: JournalEntry): string | undefined {
  if (kind !== 'child' || state !== 'waiting') return undefined;
  const id = (value as { execution_id?: unknown } | null)?.execution_id;
  return typeof id === 'string' ? id : undefined;
}

/** The id of an execution that another runs under a key: the same in every replay. A UUID of version 8 (RFC 9562 §5.8). */
export function childIdOf(parentId: string, key: string): string {
  const hex = createHash('sha256').update(`${parentId}\0${key}`).digest('hex');
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `${variant}${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
