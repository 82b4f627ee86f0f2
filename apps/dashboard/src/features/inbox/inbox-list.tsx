import type { HumanTask, InboxEntry } from '@loopwright/protocol';
import { Link } from '@tanstack/react-router';
import { type ReactElement, type ReactNode, useEffect, useRef } from 'react';
import { verdictText } from '../../shared/human-task/settled-task.tsx';
import { forWhom } from '../../shared/human-task/who-decides.ts';
import { Time } from '../../shared/time/time.tsx';
import { Badge } from '../../shared/ui/badge.tsx';
import { heldUpText } from './held-up-text.ts';
import type { InboxSearch } from './inbox-search.ts';

const DEFAULT_PRIORITY = 5;

/** The open questions, with a box for those that can be decided together. */
export function OpenList({
  entries,
  selected,
  chosen,
  onChoose,
  view,
}: {
  entries: readonly InboxEntry[];
  selected: string | undefined;
  chosen: ReadonlySet<string>;
  onChoose: (taskId: string) => void;
  view: InboxSearch['view'];
}): ReactElement {
  return (
    <ol className="inbox-entries" aria-label="Open questions">
      {entries.map((entry) => (
        <Row key={entry.task_id} isSelected={entry.task_id === selected}>
          <input
            type="checkbox"
            aria-label={`Choose ${entry.title}`}
            checked={chosen.has(entry.task_id)}
            disabled={entry.kind !== 'acceptance' || !entry.is_for_me}
            title={entry.kind === 'acceptance' ? undefined : 'Questions are answered one by one'}
            onChange={() => onChoose(entry.task_id)}
          />
          <div className="stack inbox-entry">
            <TaskLink taskId={entry.task_id} title={entry.title} isSelected={entry.task_id === selected} view={view} />
            <p className="inbox-held">{heldUpText(entry)}</p>
            <p className="row muted inbox-facts">
              <span>
                {entry.kind === 'acceptance'
                  ? 'Acceptance'
                  : `${entry.question_count} questions`.replace(/^1 questions$/, '1 question')}
              </span>
              <Time at={entry.created_at} />
              {entry.for === null ? null : <span>for {forWhom(entry)}</span>}
              {entry.expires_at === null ? null : (
                <Badge tone="warn" icon="clock">
                  until <Time at={entry.expires_at} />
                </Badge>
              )}
              {entry.holds_up.is_paused ? (
                <Badge tone="warn" icon="pause">
                  Paused
                </Badge>
              ) : null}
              {entry.holds_up.priority === DEFAULT_PRIORITY ? null : <Badge>Priority {entry.holds_up.priority}</Badge>}
            </p>
          </div>
        </Row>
      ))}
    </ol>
  );
}

/** What was decided: by whom, and how. */
export function DecidedList({ tasks, selected }: { tasks: readonly HumanTask[]; selected: string | undefined }): ReactElement {
  return (
    <ol className="inbox-entries" aria-label="Decisions">
      {tasks.map((task) => (
        <Row key={task.task_id} isSelected={task.task_id === selected}>
          <div className="stack inbox-entry">
            <TaskLink taskId={task.task_id} title={task.title} isSelected={task.task_id === selected} view="decided" />
            <p className="row muted inbox-facts">
              <span>{verdictText(task)}</span>
              <Time at={task.answered_at} />
              <code title={task.subject_digest}>{task.subject_digest.slice(0, 8)}</code>
            </p>
          </div>
        </Row>
      ))}
    </ol>
  );
}

function Row({ isSelected, children }: { isSelected: boolean; children: ReactNode }): ReactElement {
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isSelected) row.current?.scrollIntoView({ block: 'nearest' });
  }, [isSelected]);
  return (
    <li ref={row} className="inbox-row" data-selected={isSelected}>
      {children}
    </li>
  );
}

function TaskLink({
  taskId,
  title,
  isSelected,
  view,
}: {
  taskId: string;
  title: string;
  isSelected: boolean;
  view: InboxSearch['view'];
}): ReactElement {
  return (
    <Link
      to="/inbox/$taskId"
      params={{ taskId }}
      search={view === undefined ? {} : { view }}
      className="inbox-title"
      {...(isSelected ? { 'aria-current': 'true' as const } : {})}
    >
      {title}
    </Link>
  );
}
