import { useQuery } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { Icon, type IconName } from '../../../shared/ui/icon.tsx';
import { ErrorState, Loading } from '../../../shared/ui/states.tsx';
import { type Executed, diagramQuery } from '../run-queries.ts';
import { type DiagramNode, type TaskState, parseDiagram } from './parse-diagram.ts';
import './diagram.css';

const LOOKS: Readonly<Record<TaskState, { readonly icon: IconName; readonly word: string }>> = {
  done: { icon: 'check', word: 'done' },
  running: { icon: 'running', word: 'running' },
  waiting: { icon: 'person', word: 'waiting' },
  failed: { icon: 'failed', word: 'failed' },
  skipped: { icon: 'skip', word: 'skipped' },
};

/** The workflow of the run as nested lists of its tasks, each as it stands now: one reads it from top to bottom, with eyes or without. */
export function DiagramView({ run }: { run: Executed }): ReactElement {
  const { data, error } = useQuery(diagramQuery(run.run_id, run.execution_id));
  const [isWhole, showWhole] = useState(false);
  if (data === undefined) return error === null ? <Loading label="Loading the workflow" /> : <ErrorState error={error} />;
  const nodes = parseDiagram(data.mermaid);
  const shown = isWhole ? nodes : nodes.filter((node) => !isRoutine(node));
  return (
    <section className="stack" aria-label="Workflow">
      <div className="row">
        <h2>Workflow</h2>
        <label className="row">
          <input type="checkbox" checked={isWhole} onChange={({ target }) => showWhole(target.checked)} />
          With gates between phases and checkpoints
        </label>
      </div>
      <div className="diagram" tabIndex={0} role="region" aria-label="Diagram of the workflow">
        <Tasks nodes={shown} isParallel={false} label="Tasks of the workflow" />
      </div>
    </section>
  );
}

/** What the platform puts around each phase, unless something happens there. */
function isRoutine({ title, state }: DiagramNode): boolean {
  return /^(?:await|checkpoint-(?:pre|post))-/.test(title) && (state === undefined || state === 'done' || state === 'skipped');
}

function Tasks({
  nodes,
  isParallel,
  label,
}: {
  nodes: readonly DiagramNode[];
  isParallel: boolean;
  label: string;
}): ReactElement {
  return (
    <ol className={isParallel ? 'diagram-list diagram-parallel' : 'diagram-list'} aria-label={label}>
      {nodes.map((node) => (
        <li key={node.id}>
          <Task node={node} />
        </li>
      ))}
    </ol>
  );
}

function Task({ node: { title, state, inside, isParallel, ways } }: { node: DiagramNode }): ReactElement {
  const look = state === undefined ? undefined : LOOKS[state];
  return (
    <div
      className={`diagram-task ${state === undefined ? '' : `diagram-${state}`}`}
      aria-current={state === 'running' || state === 'waiting' ? 'step' : undefined}
    >
      <div className="row">
        <Icon name={look?.icon ?? 'circle'} size={13} />
        <span className="mono diagram-title">{title}</span>
        {look === undefined ? (
          <span className="visually-hidden">not yet</span>
        ) : (
          <span className="diagram-word">{look.word}</span>
        )}
        {ways.map(({ to, when }) => (
          <span key={`${when ?? ''}-${to}`} className="muted diagram-way">
            {when === undefined ? '' : `${when} `}→ {to}
          </span>
        ))}
      </div>
      {inside.length === 0 ? null : <Tasks nodes={inside} isParallel={isParallel} label={`Inside ${title}`} />}
    </div>
  );
}
