import type { ReactElement } from 'react';
import { useWaitingCount } from '../shared/human-task/waiting-count.ts';

/** The most that is counted out. */
const SHOWN = 999;

/** How many questions wait for whoever looks, beside the link to the inbox; says when that is not known, or may have changed. */
export function WaitingBadge(): ReactElement | null {
  const { count, isOld } = useWaitingCount();
  if (count === undefined || (count === 0 && !isOld)) return null;
  const text = count === null ? '' : count > SHOWN ? `${SHOWN}+` : String(count);
  const words = wordsOf(count, isOld);
  return (
    <span className="waiting-count numeric" data-old={isOld} title={words}>
      <span aria-hidden="true">
        {text}
        {isOld ? '?' : ''}
      </span>
      <span className="visually-hidden">({words})</span>
    </span>
  );
}

function wordsOf(count: number | null, isOld: boolean): string {
  if (count === null) return 'how many wait for you is not known';
  const waiting = `${count.toLocaleString('en')} ${count === 1 ? 'waits' : 'wait'} for you`;
  return isOld ? `${waiting} as last heard; it may have changed` : waiting;
}
