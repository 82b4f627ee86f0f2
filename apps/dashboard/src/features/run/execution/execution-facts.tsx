import type { ExecutionResponse, RunListItem } from '@loopwright/protocol';
import { Link } from '@tanstack/react-router';
import type { ReactElement, ReactNode } from 'react';
import { Duration, Time } from '../../../shared/time/time.tsx';
import { Copyable } from '../../../shared/ui/copyable.tsx';

/** What an execution is, where it comes from, and what it runs. */
export function ExecutionFacts({
  execution,
  run,
}: {
  execution: ExecutionResponse;
  /** Left out while it is not known. */
  run: RunListItem | null | undefined;
}): ReactElement {
  const {
    execution_id: id,
    started_at: from,
    completed_at: to,
    restarted_from: origin,
    child_execution_ids: children,
  } = execution;
  return (
    <dl className="run-facts">
      <Fact title="Execution">
        <Copyable text={id} label="the id of the execution" />
      </Fact>
      {run == null ? null : (
        <Fact title="Run">
          <Link to="/orchestrator/runs/$runId" params={{ runId: run.run_id }}>
            {run.project_name ?? run.run_id.slice(0, 8)}
          </Link>
        </Fact>
      )}
      <Fact title="Workflow">
        <Link to="/orchestrator/executions" search={{ workflow: execution.workflow_id }} className="mono">
          {execution.workflow_id}
        </Link>{' '}
        <span className="muted" title={execution.definition.digest}>
          {execution.definition.version}
        </span>
      </Fact>
      <Fact title="Project">{execution.project_id}</Fact>
      <Fact title="Started">
        <Time at={from} /> by {execution.started_by}
      </Fact>
      <Fact title="Took">
        <Duration
          seconds={from === null || to === null ? null : (Date.parse(to) - Date.parse(from)) / 1000}
          since={to === null ? from : null}
        />
      </Fact>
      {execution.parent_execution_id === null ? null : (
        <Fact title="Part of">
          <Execution id={execution.parent_execution_id} />
        </Fact>
      )}
      {origin === null ? null : (
        <Fact title="Began again from">
          <Execution id={origin.execution_id} />
          {origin.task === null ? ' at the beginning' : ` at ${origin.task}`}
        </Fact>
      )}
      {children.length === 0 ? null : (
        <Fact title={children.length === 1 ? 'Runs one more' : `Runs ${children.length} more`}>
          {children.slice(0, 5).map((child) => (
            <span key={child}>
              <Execution id={child} />{' '}
            </span>
          ))}
          {children.length > 5 ? <span className="muted">and {children.length - 5} more</span> : null}
        </Fact>
      )}
    </dl>
  );
}

function Execution({ id }: { id: string }): ReactElement {
  return (
    <Link to="/orchestrator/executions/$executionId" params={{ executionId: id }} className="mono" title={id}>
      {id.slice(0, 8)}
    </Link>
  );
}

function Fact({ title, children }: { title: string; children: ReactNode }): ReactElement {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </div>
  );
}
