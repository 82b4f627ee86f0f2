import { type ExecutionResponse, type RunListItem, executionResponseSchema } from '@loopwright/protocol';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Suspense, lazy, type ReactElement, useState } from 'react';
import { api } from '../../../shared/api/api.ts';
import { useSession } from '../../../shared/api/session.tsx';
import { Button } from '../../../shared/ui/button.tsx';
import { Menu } from '../../../shared/ui/menu.tsx';
import { showToast } from '../../../shared/ui/toasts.tsx';
import { runKey } from '../run-queries.ts';
import { isOver } from './execution-queries.ts';

const ExecutionDialog = lazy(async () => ({ default: (await import('./execution-dialogs.tsx')).ExecutionDialog }));

/** What can be done with an execution; what belongs to a run is done there. */
export function ExecutionControls({
  execution,
  run,
}: {
  execution: ExecutionResponse;
  /** Left out while it is not known. */
  run: RunListItem | null | undefined;
}): ReactElement | null {
  const { can } = useSession();
  const queries = useQueryClient();
  const [dialog, setDialog] = useState<'restart' | 'cancel'>();
  const { execution_id: id, status } = execution;
  const changed = (): Promise<void> => queries.invalidateQueries({ queryKey: runKey(id) });
  const act = useMutation({
    mutationFn: (action: 'pause' | 'resume') =>
      api.call({
        method: 'POST',
        path: `/api/v1/executions/${encodeURIComponent(id)}/${action}`,
        answer: executionResponseSchema,
      }),
    onSuccess: (_execution, action) => showToast(action === 'pause' ? 'Paused' : 'Goes on'),
    onSettled: changed,
  });
  if (run === undefined) return null;
  const forbidden = can('executions:write', execution.project_id)
    ? run === null
      ? undefined
      : 'It belongs to a run, whose page has the controls'
    : 'Your role lets you look at this execution only';
  const over = isOver(execution);
  return (
    <div className="row" role="group" aria-label="Do something with the execution">
      <Button
        icon={status === 'paused' ? 'play' : 'pause'}
        disabled={forbidden !== undefined || over || act.isPending}
        reason={forbidden ?? (over ? `The execution is ${status}` : undefined)}
        onClick={() => act.mutate(status === 'paused' ? 'resume' : 'pause')}
      >
        {status === 'paused' ? 'Resume' : 'Pause'}
      </Button>
      <Button
        icon="running"
        disabled={forbidden !== undefined || !over}
        reason={forbidden ?? 'It has not ended: cancel it first'}
        onClick={() => setDialog('restart')}
      >
        Restart…
      </Button>
      <Menu
        label="More to do with the execution"
        text="More"
        sections={[
          {
            entries: [
              {
                id: 'cancel',
                label: 'Cancel…',
                isDisabled: forbidden !== undefined || over,
                onAction: () => setDialog('cancel'),
              },
            ],
          },
        ]}
      />
      {dialog === undefined ? null : (
        <Suspense>
          <ExecutionDialog
            action={dialog}
            execution={execution}
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
