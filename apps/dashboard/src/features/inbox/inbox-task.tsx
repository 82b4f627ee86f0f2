import { PlatformError } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactElement, Ref } from 'react';
import { DecisionForm } from '../../shared/human-task/decision-form.tsx';
import type { DecisionHandle } from '../../shared/human-task/decision-part.ts';
import { EmptyState, ErrorState, Loading } from '../../shared/ui/states.tsx';
import { usePageTitle } from '../../shared/ui/page-title.ts';
import { heldUpText } from './held-up-text.ts';
import { contextQuery, taskQuery } from './inbox-queries.ts';

/** One question: where it comes from, what waits for it, and the form or what became of it. */
export function InboxTask({ taskId, handle }: { taskId: string; handle: Ref<DecisionHandle> }): ReactElement {
  const task = useQuery(taskQuery(taskId));
  const context = useQuery(contextQuery(taskId));
  const error = task.error ?? context.error;
  usePageTitle(task.data?.title ?? 'Inbox');
  if (task.data === undefined || context.data === undefined) {
    if (error instanceof PlatformError && error.status === 404)
      return (
        <EmptyState title="There is no such question" action={<Link to="/inbox">The inbox</Link>}>
          {error.message}. It may be of a project that you do not see.
        </EmptyState>
      );
    if (error !== null) return <ErrorState error={error} retry={() => void Promise.all([task.refetch(), context.refetch()])} />;
    return <Loading label="Loading the question" lines={8} />;
  }
  const { project_id: projectId, run, holds_up: held } = context.data;
  // That an execution by itself waits stands here already.
  const isSaid = task.data.state === 'open' && (run !== null || held.executions > 1 || held.is_paused);
  return (
    <>
      <p className="muted inbox-from">
        {run === null ? (
          <>
            Execution{' '}
            <Link to="/orchestrator/executions/$executionId" params={{ executionId: task.data.execution_id }}>
              <code>{task.data.execution_id}</code>
            </Link>{' '}
            of {task.data.workflow_id}
          </>
        ) : (
          <>
            Run{' '}
            <Link to="/orchestrator/runs/$runId" params={{ runId: run.run_id }}>
              {run.project_name ?? run.run_id}
            </Link>
          </>
        )}
        , project {projectId}, step {task.data.step_id}.{' '}
        {isSaid ? `${heldUpText({ ...context.data, workflow_id: task.data.workflow_id })}.` : null}
      </p>
      <DecisionForm key={taskId} task={task.data} projectId={projectId} handle={handle} />
    </>
  );
}
