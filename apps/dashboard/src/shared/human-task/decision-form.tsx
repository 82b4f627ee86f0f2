import { type HumanTask, PlatformError } from '@loopwright/protocol';
import { Suspense, lazy, type ReactElement, type Ref, useState } from 'react';
import { useSession } from '../api/session.tsx';
import { Button } from '../ui/button.tsx';
import { Icon } from '../ui/icon.tsx';
import { Loading } from '../ui/states.tsx';
import { AcceptanceForm } from './acceptance-form.tsx';
import { ClarificationForm } from './clarification-form.tsx';
import type { DecisionHandle } from './decision-part.ts';
import { SettledTask } from './settled-task.tsx';
import { TaskHead } from './task-head.tsx';
import { useDecision } from './use-decision.ts';
import { mayDecide } from './who-decides.ts';
import './decision-form.css';

const Evidence = lazy(async () => ({ default: (await import('./evidence/evidence.tsx')).Evidence }));

/**
 * What one question to people asks for, with everything that it shows. The decision names the digest of what is shown here: when that has changed, or
 * somebody else was first, nothing is decided and the form says so. Give it a new `key` for another task.
 */
export function DecisionForm({
  task,
  projectId,
  handle,
}: {
  /** As the server last gave it. */
  task: HumanTask;
  projectId: string;
  handle?: Ref<DecisionHandle>;
}): ReactElement {
  const session = useSession();
  // What was on the screen when the form was opened, which is what is decided about.
  const [shown, show] = useState(task);
  const deciding = useDecision(shown);
  const showPresent = (): void => {
    show(task);
    deciding.forgetError();
  };
  if (task.state !== 'open') return <SettledTask task={task} isLate={isTooLate(deciding.error)} />;
  const part = { task: shown, may: mayDecide(session, shown, projectId), deciding, handle };
  return (
    <section className="card decision stack" aria-label={`Decision: ${shown.title}`}>
      <TaskHead task={shown} />
      {task.subject_digest === shown.subject_digest ? null : <Changed onShow={showPresent} />}
      {shown.kind === 'acceptance' ? (
        <>
          <Suspense fallback={<Loading label="Loading what is to be decided" />}>
            <Evidence task={shown} />
          </Suspense>
          <AcceptanceForm {...part} />
        </>
      ) : (
        <ClarificationForm {...part} />
      )}
    </section>
  );
}

/** Whether the server refused a decision because the task was settled before. */
function isTooLate(error: Error | null): boolean {
  return error instanceof PlatformError && error.status === 409;
}

function Changed({ onShow }: { onShow: () => void }): ReactElement {
  return (
    <div className="notice notice-warn" role="alert">
      <Icon name="warning" />
      <p className="grow">
        What is to be decided has changed since this was shown. A decision about what you see here would be refused.
      </p>
      <Button small onClick={onShow}>
        Show what is asked now
      </Button>
    </div>
  );
}
