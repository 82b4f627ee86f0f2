import type { HumanTask } from '@loopwright/protocol';
import type { ReactElement } from 'react';
import { Time } from '../time/time.tsx';
import { Badge } from '../ui/badge.tsx';
import { forWhom } from './who-decides.ts';

/** What is asked, since when, until when and of whom. */
export function TaskHead({ task }: { task: HumanTask }): ReactElement {
  return (
    <header className="stack task-head">
      <div className="row">
        <Badge tone={task.state === 'open' ? 'wait' : 'neutral'} icon="person">
          {task.kind === 'acceptance' ? 'Acceptance' : 'Questions'}
        </Badge>
        <span className="muted">
          asked <Time at={task.created_at} />
          {task.expires_at === null ? null : (
            <>
              , until <Time at={task.expires_at} />
            </>
          )}
          , for {forWhom(task)}
        </span>
      </div>
      <h2>{task.title}</h2>
      {task.message === null ? null : <p className="task-message">{task.message}</p>}
    </header>
  );
}
