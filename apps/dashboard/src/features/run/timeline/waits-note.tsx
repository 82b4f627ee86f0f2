import type { WaitList } from '@loopwright/protocol';
import type { ReactElement } from 'react';

/** What a timeline cannot show of the waits, and why; nothing when it shows all of them. */
export function WaitsNote({ list }: { list: WaitList | undefined }): ReactElement | null {
  if (list === undefined) return null;
  if (!list.is_whole)
    return <p className="muted">What it waited for is not known any more: the record of it was compacted after it had ended.</p>;
  const missing = list.total - list.waits.length;
  return missing === 0 ? null : <p className="muted">The first {missing.toLocaleString('en')} waits are not shown.</p>;
}
