import { type HumanTask, humanTaskSchema } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { api } from '../api/api.ts';
import { useSession } from '../api/session.tsx';
import { Time } from '../time/time.tsx';
import { Button } from '../ui/button.tsx';
import { Icon } from '../ui/icon.tsx';
import { DecisionForm } from './decision-form.tsx';

/** A form for each open question, and for those that were open here what became of them: nobody's form goes without a word. */
export function Decisions({ tasks, projectId }: { tasks: readonly HumanTask[]; projectId: string }): ReactElement {
  const [seen, setSeen] = useState<ReadonlySet<string>>(new Set());
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const open = new Set(tasks.map(({ task_id }) => task_id));
  if ([...open].some((id) => !seen.has(id))) setSeen(new Set([...seen, ...open]));
  const gone = [...seen].filter((id) => !open.has(id) && !closed.has(id));
  return (
    <>
      {gone.map((id) => (
        <Decided key={id} taskId={id} onClose={() => setClosed(new Set([...closed, id]))} />
      ))}
      {tasks.map((task) => (
        <DecisionForm key={task.task_id} task={task} projectId={projectId} />
      ))}
    </>
  );
}

/** Who decided what while the form was open; nothing for what the viewer decided. */
function Decided({ taskId, onClose }: { taskId: string; onClose: () => void }): ReactElement | null {
  const { me } = useSession();
  const { data: task } = useQuery({
    queryKey: ['task', taskId, 'decided'],
    queryFn: () => api.call({ method: 'GET', path: `/api/v1/tasks/${encodeURIComponent(taskId)}`, answer: humanTaskSchema }),
  });
  if (task === undefined || task.state === 'open') return null;
  return (
    <div className="notice" role="status">
      <Icon name="person" />
      <p className="grow">
        “{task.title}” {whatBecame(task, me.user_id)}
        {task.answered_at === null ? null : (
          <>
            {' '}
            <Time at={task.answered_at} />
          </>
        )}
      </p>
      <Button small look="quiet" icon="close" aria-label="Close the note" onClick={onClose} />
    </div>
  );
}

function whatBecame({ state, answered_by: by, kind, answer }: HumanTask, me: string): string {
  if (state === 'expired') return 'was not answered in time';
  if (state === 'cancelled') return 'is not asked any more';
  const accepted = typeof answer === 'object' && answer !== null && 'accepted' in answer ? answer['accepted'] : undefined;
  const did = kind === 'clarification' ? 'answered' : accepted === false ? 'rejected' : 'accepted';
  return `was ${did} by ${by === me ? `you (${me})` : (by ?? 'somebody')}`;
}
