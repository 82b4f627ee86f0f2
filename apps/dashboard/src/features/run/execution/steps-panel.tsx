import type { ExecutionResponse } from '@loopwright/protocol';
import type { ReactElement } from 'react';
import { JsonView } from '../../../shared/ui/json-view.tsx';
import { DiagramView } from '../diagram/diagram-view.tsx';
import { StepsTable } from '../steps-table.tsx';
import { StepTimeline } from '../timeline/step-timeline.tsx';
import { isOver } from './execution-queries.ts';

/** The workflow as it stands, the steps that it came to, and what came out. */
export function StepsPanel({ execution }: { execution: ExecutionResponse }): ReactElement {
  const of = { run_id: execution.execution_id, execution_id: execution.execution_id };
  return (
    <div className="stack">
      {execution.error === null ? null : (
        <section className="card stack" aria-label="Error">
          <h2>Error</h2>
          <p className="phase-error">{execution.error}</p>
          {execution.error_document === null ? null : <JsonView value={execution.error_document} />}
        </section>
      )}
      {isOver(execution) && execution.output !== null ? (
        <section className="card stack" aria-label="Output">
          <h2>Output</h2>
          <JsonView value={execution.output} />
        </section>
      ) : null}
      <StepTimeline execution={execution} />
      <StepsTable run={of} />
      <DiagramView run={of} />
    </div>
  );
}
