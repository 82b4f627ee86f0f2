import type { RunDetail } from '@loopwright/protocol';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Suspense, lazy, type ReactElement, useState } from 'react';
import { api } from '../../shared/api/api.ts';
import { useSession } from '../../shared/api/session.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { Menu } from '../../shared/ui/menu.tsx';
import { phaseTitle } from '../../shared/ui/phase-title.ts';
import { showToast } from '../../shared/ui/toasts.tsx';
import { runKey } from './run-queries.ts';

const RunDialog = lazy(async () => ({ default: (await import('./run-dialogs.tsx')).RunDialog }));

/** What opens in a dialog. */
export type RunAction = 'advance' | 'cancel' | 'clone' | 'restart';

/** What can be done with the run; what cannot says why. */
export function RunControls({ run }: { run: RunDetail }): ReactElement {
  const { can } = useSession();
  const queries = useQueryClient();
  const [dialog, setDialog] = useState<RunAction>();
  const changed = (): Promise<void> => queries.invalidateQueries({ queryKey: runKey(run.run_id) });
  const act = useMutation({
    mutationFn: async (action: 'next' | 'pause' | 'resume' | 'retry'): Promise<void> => {
      await (action === 'next' ? api.runs.start(run.run_id) : api.runs[action](run.run_id));
    },
    onSuccess: (_run, action) => showToast(DONE[action]),
    onSettled: changed,
  });
  const forbidden = can('executions:write', run.project_id) ? undefined : 'Your role lets you look at this run only';
  const isOver = run.status === 'completed' || run.status === 'failed' || run.status === 'cancelled';
  const stop = isOver ? `The run is ${run.status}` : undefined;
  const noAdvance = forbidden ?? advanceReason(run);
  return (
    <div className="row" role="group" aria-label="Do something with the run">
      <MainButton run={run} forbidden={forbidden} noAdvance={noAdvance} isBusy={act.isPending} onAct={act.mutate} />
      <Button
        icon={run.status === 'paused' ? 'play' : 'pause'}
        disabled={forbidden !== undefined || isOver || act.isPending}
        reason={forbidden ?? stop}
        onClick={() => act.mutate(run.status === 'paused' ? 'resume' : 'pause')}
      >
        {run.status === 'paused' ? 'Resume' : 'Pause'}
      </Button>
      <Menu
        label="More to do with the run"
        text="More"
        sections={[
          {
            entries: [
              {
                id: 'advance',
                label: 'Advance without gates…',
                isDisabled: noAdvance !== undefined,
                onAction: () => setDialog('advance'),
              },
              { id: 'clone', label: 'Clone…', isDisabled: forbidden !== undefined, onAction: () => setDialog('clone') },
              {
                id: 'restart',
                label: 'Go back to a checkpoint…',
                isDisabled: forbidden !== undefined,
                onAction: () => setDialog('restart'),
              },
              {
                id: 'cancel',
                label: 'Cancel…',
                isDisabled: forbidden !== undefined || isOver,
                onAction: () => setDialog('cancel'),
              },
            ],
          },
        ]}
      />
      {dialog === undefined ? null : (
        <Suspense>
          <RunDialog
            action={dialog}
            run={run}
            onClose={() => {
              setDialog(undefined);
              void changed();
            }}
          />
        </Suspense>
      )}
    </div>
  );
}

/** What one does most: the next phase, or again what failed. */
function MainButton({
  run,
  forbidden,
  noAdvance,
  isBusy,
  onAct,
}: {
  run: RunDetail;
  forbidden: string | undefined;
  noAdvance: string | undefined;
  isBusy: boolean;
  onAct: (action: 'next' | 'retry') => void;
}): ReactElement {
  if (run.status === 'failed')
    return (
      <Button
        look="primary"
        icon="running"
        disabled={forbidden !== undefined || isBusy}
        reason={forbidden}
        onClick={() => onAct('retry')}
      >
        Retry
      </Button>
    );
  const next = run.phases.find(({ status }) => status === 'pending')?.phase;
  return (
    <Button
      look="primary"
      icon="play"
      disabled={noAdvance !== undefined || isBusy}
      reason={noAdvance}
      onClick={() => onAct('next')}
    >
      {next === undefined ? 'Advance' : `Advance to ${phaseTitle(next)}`}
    </Button>
  );
}

const DONE = { next: 'The next phase has begun', pause: 'Paused', resume: 'Goes on', retry: 'Tried again' } as const;

/** Why the run cannot be advanced by hand; nothing when it can. */
function advanceReason({ status, mode, phases }: RunDetail): string | undefined {
  if (status !== 'running') return `The run is ${status}`;
  if (mode === 'auto') return 'The run advances by itself';
  const busy = phases.find((phase) => phase.status === 'in_progress');
  if (busy !== undefined) return `${phaseTitle(busy.phase)} is in progress`;
  return phases.some((phase) => phase.status === 'pending') ? undefined : 'There is no further phase';
}
