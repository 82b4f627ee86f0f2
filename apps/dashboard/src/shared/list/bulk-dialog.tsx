import { type BulkAction, isoTime, systemClock } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { Time } from '../time/time.tsx';
import { StatusBadge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { holdPage } from '../ui/hold-page.ts';
import { ErrorState, Loading } from '../ui/states.tsx';
import { showToast } from '../ui/toasts.tsx';
import './list.css';
import { type Noun, countText } from './nouns.ts';

/** How long what was decided can be taken back. */
const UNDO_MS = 8000;

const DONE: Readonly<Record<BulkAction, string>> = {
  cancel: 'Cancelled',
  retry: 'Retried',
  pause: 'Paused',
  resume: 'Resumed',
};
const WILL: Readonly<Record<BulkAction, string>> = {
  cancel: 'Cancelling',
  retry: 'Retrying',
  pause: 'Pausing',
  resume: 'Resuming',
};
const TITLE: Readonly<Record<BulkAction, string>> = { cancel: 'Cancel', retry: 'Retry', pause: 'Pause', resume: 'Resume' };

/** What is done to many rows, and how. */
export interface BulkWork {
  readonly noun: Noun;
  readonly action: BulkAction;
  /** Names the preview: what it is for, and of which rows. */
  readonly filter: unknown;
  /** Of which rows, in words. */
  readonly words: string;
  readonly preview: () => Promise<BulkFound>;
  /** Does what was previewed. */
  readonly run: (token: string, reason: string | undefined) => Promise<BulkDone>;
}

/** What a preview found. */
export interface BulkFound {
  readonly token: string;
  readonly expires_at: string;
  /** All of them. */
  readonly rows: readonly { readonly id: string; readonly name: string; readonly status: string; readonly at: string }[];
  /** What is left out although it fits, and why. */
  readonly leftOut: string | null;
}

/** What became of it. */
interface BulkDone {
  readonly done: number;
  readonly failed: number;
  readonly results: readonly { readonly outcome: 'done' | 'failed'; readonly message: string | null }[];
}

/** Shows exactly which rows an action will hit, and begins it after a time in which it can be undone. */
export function BulkDialog({ work, onClose }: { work: BulkWork; onClose: (isBegun: boolean) => void }): ReactElement {
  const { noun, action, filter, words } = work;
  const [reason, setReason] = useState('');
  const preview = useQuery({
    queryKey: ['bulk', noun.many, action, filter],
    queryFn: work.preview,
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
  });
  const count = preview.data?.rows.length ?? 0;
  const counted = countText(noun, count);
  const { data } = preview;
  const begin = (): void => {
    if (data === undefined) return;
    const until = systemClock.now() + UNDO_MS;
    const text = `${WILL[action]} ${counted}`;
    // A page that is left before the time is over would do nothing of it, and nobody would know.
    const release = holdPage();
    const cancel = systemClock.schedule(UNDO_MS, () => {
      release();
      close();
      work.run(data.token, action === 'cancel' && reason !== '' ? reason : undefined).then(
        (result) => showToast(resultText(work, result), result.failed > 0 ? { tone: 'danger' } : {}),
        (error: unknown) => showToast(String(error), { tone: 'danger' }),
      );
    });
    const undo = {
      label: 'Undo',
      run: () => (cancel(), release(), void showToast(`Nothing was done to the ${counted}`)),
    };
    const close = showToast(text, { action: undo, until, forMs: UNDO_MS });
    onClose(true);
  };
  const isLoaded = data !== undefined;
  return (
    <Dialog
      title={`${TITLE[action]} ${data === undefined ? noun.many : counted}?`}
      isOpen
      isAlert
      onClose={() => onClose(false)}
      actions={
        <>
          <Button onClick={() => onClose(false)}>Leave it</Button>
          <Button look={action === 'cancel' ? 'danger' : 'primary'} disabled={count === 0} onClick={begin}>
            {TITLE[action]} {isLoaded ? counted : ''}
          </Button>
        </>
      }
    >
      <p>
        Of {words}, {isLoaded ? counted : '…'} can be {DONE[action].toLowerCase()}. Exactly these are hit, however many more fit
        by then; for {UNDO_MS / 1000} s it can be undone on this page.
      </p>
      {data?.leftOut == null ? null : <p className="muted">{data.leftOut}</p>}
      {preview.isPending ? <Loading label={`Finding the ${noun.many}`} lines={3} /> : null}
      {preview.error === null ? null : <ErrorState error={preview.error} />}
      {isLoaded && count > 0 ? (
        <ul className="bulk-sample">
          {data.rows.map(({ id, name, status, at }) => (
            <li key={id} className="row">
              <span className="truncate grow">
                {name} <span className="mono muted">{id.slice(0, 8)}</span>
              </span>
              <StatusBadge status={status} />
              <Time at={at} />
            </li>
          ))}
        </ul>
      ) : null}
      {action === 'cancel' ? (
        <TextField
          label="Reason"
          hint={`Stands in the record of each ${noun.one}`}
          maxLength={1000}
          value={reason}
          onText={setReason}
        />
      ) : null}
      {isLoaded && data.expires_at < isoTime(systemClock.now()) ? <p>The preview is too old: close it and begin again.</p> : null}
    </Dialog>
  );
}

function resultText({ noun, action }: BulkWork, { done, failed, results }: BulkDone): string {
  const first = results.find(({ outcome }) => outcome === 'failed')?.message;
  return failed === 0
    ? `${DONE[action]} ${countText(noun, done)}`
    : `${DONE[action]} ${countText(noun, done)}, not ${countText(noun, failed)}: ${first ?? ''}`;
}
