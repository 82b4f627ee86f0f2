import { systemClock } from '@loopwright/protocol';
import { type ReactElement, useEffect, useSyncExternalStore } from 'react';
import { durationText } from '../time/format.ts';
import { useNow } from '../time/now.ts';
import { Button } from './button.tsx';
import { isTyping } from './is-typing.ts';
import './overlay.css';

/** A short message at the edge of the page. */
export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: 'info' | 'danger';
  readonly action?: { readonly label: string; readonly run: () => void };
  /** When what it tells of happens, for an undo; milliseconds since 1970-01-01 UTC. */
  readonly until?: number;
}

const SHOWN_MS = 8000;
const AT_ONCE = 4;
let toasts: readonly Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();

function set(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

/** Shows a message, for 8 s or until it is closed; gives what closes it. Errors stay until they are closed. */
export function showToast(
  text: string,
  options: Partial<Omit<Toast, 'id' | 'text'>> & { readonly forMs?: number } = {},
): () => void {
  const id = ++last;
  const { forMs = SHOWN_MS, tone = 'info', ...rest } = options;
  const close = (): void => set(toasts.filter((toast) => toast.id !== id));
  set([...toasts, { id, text, tone, ...rest }].slice(-AT_ONCE));
  if (tone === 'info') systemClock.schedule(forMs, close);
  return close;
}

/** Does what a message offers, and takes the message away. */
function take({ id, action }: Toast): void {
  set(toasts.filter((toast) => toast.id !== id));
  action?.run();
}

/** `u` does what the newest message offers: it goes away by itself, and by Tab it is far. */
function useMessageKey(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const { key, ctrlKey, metaKey, altKey } = event;
      if (key !== 'u' || ctrlKey || metaKey || altKey || isTyping(event)) return;
      const newest = toasts.findLast(({ action }) => action !== undefined);
      if (newest === undefined) return;
      event.preventDefault();
      take(newest);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

/** Where the messages appear; a screen reader reads them out. */
export function Toasts(): ReactElement {
  useMessageKey();
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div className="toasts" role="region" aria-label="Messages">
      <div aria-live="polite" aria-relevant="additions" className="stack">
        {shown.map(({ id, text, tone, action, until }) => (
          <div key={id} className={`toast toast-${tone}`}>
            <span className="grow">
              {text}
              {until === undefined ? null : <Left until={until} />}
            </span>
            {action === undefined ? null : (
              <Button small aria-keyshortcuts="u" onClick={() => take({ id, text, tone, action })}>
                {action.label} <kbd aria-hidden="true">U</kbd>
              </Button>
            )}
            <Button
              small
              look="quiet"
              icon="close"
              aria-label="Close the message"
              onClick={() => set(toasts.filter((toast) => toast.id !== id))}
            />
          </div>
        ))}
      </div>
    </div>
  );
}

/** Counts on screen only: a screen reader is told once. */
function Left({ until }: { until: number }): ReactElement {
  return <span aria-hidden="true"> in {durationText(Math.max(0, Math.ceil((until - useNow()) / 1000)))}</span>;
}
