import { type RunBulkAction, type RunBulkFilter, type RunBulkResult, isoTime, systemClock } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { api } from '../../shared/api/api.ts';
import { Time } from '../../shared/time/time.tsx';
import { StatusBadge } from '../../shared/ui/badge.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { Dialog } from '../../shared/ui/dialog.tsx';
import { TextField } from '../../shared/ui/field.tsx';
import { holdPage } from '../../shared/ui/hold-page.ts';
import { ErrorState, Loading } from '../../shared/ui/states.tsx';
import { showToast } from '../../shared/ui/toasts.tsx';

/** How long what was decided can be taken back. */
const UNDO_MS = 8000;

const DONE: Readonly<Record<RunBulkAction, string>> = {
  cancel: 'Cancelled',
  retry: 'Retried',
  pause: 'Paused',
  resume: 'Resumed',
};
const WILL: Readonly<Record<RunBulkAction, string>> = {
  cancel: 'Cancelling',
  retry: 'Retrying',
  pause: 'Pausing',
  resume: 'Resuming',
};
const TITLE: Readonly<Record<RunBulkAction, string>> = { cancel: 'Cancel', retry: 'Retry', pause: 'Pause', resume: 'Resume' };

/** Shows exactly which runs an action will hit, and begins it after a time in which it can be undone. */
export function BulkDialog({
  action,
  filter,
  words,
  onClose,
}: {
  action: RunBulkAction;
  filter: RunBulkFilter;
  words: string;
  onClose: (isBegun: boolean) => void;
}): ReactElement {
  const [reason, setReason] = useState('');
  const preview = useQuery({
    queryKey: ['runs', 'bulk', action, filter],
    queryFn: () => api.runs.previewBulk(action, filter),
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
  });
  const { data } = preview;
  const begin = (): void => {
    if (data === undefined) return;
    const until = systemClock.now() + UNDO_MS;
    const text = `${WILL[action]} ${runsText(data.count)}`;
    // A page that is left before the time is over would do nothing of it, and nobody would know.
    const release = holdPage();
    const cancel = systemClock.schedule(UNDO_MS, () => {
      release();
      close();
      api.runs.runBulk(data.token, action === 'cancel' && reason !== '' ? reason : undefined).then(
        (result) => showToast(resultText(result), result.failed > 0 ? { tone: 'danger' } : {}),
        (error: unknown) => showToast(String(error), { tone: 'danger' }),
      );
    });
    const undo = {
      label: 'Undo',
      run: () => (cancel(), release(), void showToast(`Nothing was done to the ${runsText(data.count)}`)),
    };
    const close = showToast(text, { action: undo, until, forMs: UNDO_MS });
    onClose(true);
  };
  const isLoaded = data !== undefined;
  return (
    <Dialog
      title={`${TITLE[action]} ${data === undefined ? 'runs' : runsText(data.count)}?`}
      isOpen
      isAlert
      onClose={() => onClose(false)}
      actions={
        <>
          <Button onClick={() => onClose(false)}>Leave it</Button>
          <Button look={action === 'cancel' ? 'danger' : 'primary'} disabled={!isLoaded || data.count === 0} onClick={begin}>
            {TITLE[action]} {isLoaded ? runsText(data.count) : ''}
          </Button>
        </>
      }
    >
      <p>
        Of {words}, {isLoaded ? runsText(data.count) : '…'} can be {DONE[action].toLowerCase()}. Exactly these are hit, however
        many more fit by then; for {UNDO_MS / 1000} s it can be undone on this page.
      </p>
      {preview.isPending ? <Loading label="Finding the runs" lines={3} /> : null}
      {preview.error === null ? null : <ErrorState error={preview.error} />}
      {isLoaded && data.count > 0 ? (
        <ul className="bulk-sample">
          {data.sample.map(({ run_id, project_name, status, created_at }) => (
            <li key={run_id} className="row">
              <span className="truncate grow">
                {project_name ?? 'Unnamed'} <span className="mono muted">{run_id.slice(0, 8)}</span>
              </span>
              <StatusBadge status={status} />
              <Time at={created_at} />
            </li>
          ))}
        </ul>
      ) : null}
      {action === 'cancel' ? (
        <TextField label="Reason" hint="Stands in the record of each run" maxLength={1000} value={reason} onText={setReason} />
      ) : null}
      {isLoaded && data.expires_at < isoTime(systemClock.now()) ? <p>The preview is too old: close it and begin again.</p> : null}
    </Dialog>
  );
}

function runsText(count: number): string {
  return count === 1 ? '1 run' : `${count.toLocaleString('en')} runs`;
}

function resultText({ action, done, failed, results }: RunBulkResult): string {
  const first = results.find(({ outcome }) => outcome === 'failed')?.message;
  return failed === 0
    ? `${DONE[action]} ${runsText(done)}`
    : `${DONE[action]} ${runsText(done)}, not ${runsText(failed)}: ${first ?? ''}`;
}
