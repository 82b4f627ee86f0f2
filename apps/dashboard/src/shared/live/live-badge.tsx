import type { ReactElement } from 'react';
import { durationText } from '../time/format.ts';
import { useNow } from '../time/now.ts';
import { useLiveState } from './live.tsx';

/** Whether what is shown is what is: "Live", "Reconnecting, 12 s behind", or that a gap was loaded again. */
export function LiveBadge(): ReactElement {
  const state = useLiveState();
  return (
    <span className={`live live-${state.kind}`} role="status" aria-live="polite">
      <span className="live-dot" aria-hidden="true" />
      <span className="live-text">{state.kind === 'reconnecting' ? 'Reconnecting' : TEXTS[state.kind]}</span>
      {state.kind === 'reconnecting' ? <Behind since={state.since} /> : null}
    </span>
  );
}

const TEXTS = { connecting: 'Connecting', live: 'Live', reloaded: 'Gap: reloaded' } as const;

/** Counts on screen only: a screen reader is told once, not every second. */
function Behind({ since }: { since: number }): ReactElement {
  return <span aria-hidden="true">, {durationText(Math.max(0, Math.floor((useNow() - since) / 1000)))} behind</span>;
}
