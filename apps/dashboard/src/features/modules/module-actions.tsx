import { type Module, moduleSchema, systemRandom } from '@loopwright/protocol';
import { useQueryClient } from '@tanstack/react-query';
import { Suspense, lazy, type ReactElement, useState } from 'react';
import { api } from '../../shared/api/api.ts';
import { useSession } from '../../shared/api/session.tsx';
import { useDone } from '../../shared/ui/ask-dialog.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { TextField } from '../../shared/ui/field.tsx';

const RotateDialog = lazy(async () => ({ default: (await import('./rotate-dialog.tsx')).RotateDialog }));
const AskDialog = lazy(async () => ({ default: (await import('../../shared/ui/ask-dialog.tsx')).AskDialog }));

interface Action {
  readonly id: 'start' | 'restart' | 'replace' | 'drain' | 'stop';
  readonly verb: string;
  readonly what: string;
  readonly done: string;
  readonly fits: readonly Module['status'][];
  readonly isDanger?: boolean;
}

const ACTIONS: readonly Action[] = [
  {
    id: 'start',
    verb: 'Start',
    what: 'It is started, or given its requests again when it was drained.',
    done: 'is starting',
    fits: ['stopped', 'failed', 'drained', 'draining'],
  },
  {
    id: 'replace',
    verb: 'Replace',
    what: 'A new run takes the place of the one that serves. No request is refused; when the new one does not come up, the old one goes on.',
    done: 'is replaced',
    fits: ['running'],
  },
  {
    id: 'restart',
    verb: 'Restart',
    what: 'It is ended and started again. Requests wait meanwhile.',
    done: 'restarts',
    fits: ['running', 'backing_off', 'drained'],
  },
  {
    id: 'drain',
    verb: 'Drain',
    what: 'It gets no more requests, and goes on to run. Requests to it are refused until it is started again.',
    done: 'is being drained',
    fits: ['running'],
    isDanger: true,
  },
  {
    id: 'stop',
    verb: 'Stop',
    what: 'It finishes what is under way and ends. What needs it fails until it is started again.',
    done: 'is stopped',
    fits: ['running', 'backing_off', 'draining', 'drained', 'starting'],
    isDanger: true,
  },
];

/** What can be done with a module as it is now; each asks first, and stands in the audit log with its reason. */
export function ModuleActions({ module }: { module: Module }): ReactElement {
  const { can } = useSession();
  const [asked, ask] = useState<Action>();
  const [isRotating, setRotating] = useState(false);
  const mayDo = can('modules:admin');
  const shown = ACTIONS.filter(({ fits }) => fits.includes(module.status));
  return (
    <span className="row">
      {shown.map((action) => (
        <Button
          key={action.id}
          small
          aria-label={`${action.verb} ${module.name}`}
          disabled={!mayDo}
          reason="Only administrators may do that"
          onClick={() => ask(action)}
        >
          {action.verb}
        </Button>
      ))}
      {module.permissions.secrets.length === 0 ? null : (
        <Button
          small
          aria-label={`New secrets for ${module.name}`}
          disabled={!mayDo || module.status !== 'running'}
          reason={mayDo ? 'It does not run' : 'Only administrators may do that'}
          onClick={() => setRotating(true)}
        >
          New secrets…
        </Button>
      )}
      {isRotating ? (
        <Suspense>
          <RotateDialog module={module} onClose={() => setRotating(false)} />
        </Suspense>
      ) : null}
      {asked === undefined ? null : (
        <Suspense>
          <ActionDialog module={module} action={asked} onClose={() => ask(undefined)} />
        </Suspense>
      )}
    </span>
  );
}

function ActionDialog({
  module: { name, required },
  action: { id, verb, what, done, isDanger = false },
  onClose,
}: {
  module: Module;
  action: Action;
  onClose: () => void;
}): ReactElement {
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const [idempotencyKey] = useState(() => systemRandom.uuid());
  const act = useDone(
    async () => {
      const path = `/api/v1/modules/${encodeURIComponent(name)}/${id}`;
      const json = reason.trim() === '' ? {} : { reason: reason.trim() };
      await api.call({ method: 'POST', path, answer: moduleSchema, json, idempotencyKey });
      await queries.invalidateQueries({ queryKey: ['modules'] });
    },
    { text: `“${name}” ${done}`, onClose },
  );
  return (
    <AskDialog title={`${verb} “${name}”?`} verb={verb} act={act} isDanger={isDanger} onClose={onClose}>
      <p>{what}</p>
      {required && isDanger ? <p>The server counts as degraded without it.</p> : null}
      <TextField label="Reason" hint="Stands in the audit log" maxLength={500} value={reason} onText={setReason} />
    </AskDialog>
  );
}
