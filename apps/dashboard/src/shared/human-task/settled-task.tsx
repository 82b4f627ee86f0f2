import { type HumanTask, type Json, type JsonObject, jsonObjectSchema } from '@loopwright/protocol';
import { Suspense, lazy, type ReactElement } from 'react';
import { Time } from '../time/time.tsx';
import { Icon } from '../ui/icon.tsx';
import { JsonView } from '../ui/json-view.tsx';
import { Loading } from '../ui/states.tsx';
import { TaskHead } from './task-head.tsx';
import './decision-form.css';

const Evidence = lazy(async () => ({ default: (await import('./evidence/evidence.tsx')).Evidence }));

/** A task that is decided, expired or withdrawn: who decided what, when, and on which evidence. */
export function SettledTask({ task, isLate = false }: { task: HumanTask; isLate?: boolean }): ReactElement {
  return (
    <section className="card stack" aria-label={`Decided: ${task.title}`}>
      <TaskHead task={task} />
      <Verdict task={task} isLate={isLate} />
      {task.kind === 'clarification' ? <Answers task={task} /> : null}
      {task.kind === 'acceptance' ? (
        <Suspense fallback={<Loading label="Loading the evidence" />}>
          <Evidence task={task} />
        </Suspense>
      ) : null}
    </section>
  );
}

function Verdict({ task, isLate }: { task: HumanTask; isLate: boolean }): ReactElement {
  const answer = answerIn(task.answer);
  const accepted = answer['accepted'];
  const look = accepted === true ? 'notice-good' : accepted === false ? 'notice-danger' : '';
  return (
    <div className={`notice ${look}`} role={isLate ? 'alert' : undefined}>
      <Icon name={accepted === true ? 'check' : accepted === false ? 'close' : 'person'} />
      <div className="stack">
        <p>
          <strong>{verdictText(task)}</strong> {task.answered_at === null ? null : <Time at={task.answered_at} />}
          {isLate ? ' — before you. What you sent did not count.' : null}
        </p>
        {typeof answer['comment'] === 'string' ? <blockquote className="said">{answer['comment']}</blockquote> : null}
        {typeof answer['override_reason'] === 'string' && typeof answer['instead_of'] === 'string' ? (
          <p>
            Instead of {answer['instead_of']}: {answer['override_reason']}
          </p>
        ) : null}
        <p className="muted">
          On the evidence <code title={task.subject_digest}>sha256:{task.subject_digest.slice(0, 12)}…</code>
        </p>
      </div>
    </div>
  );
}

/** What became of a task, in a few words. */
export function verdictText({ state, answered_by: by, answer, kind }: HumanTask): string {
  if (state === 'expired') return 'Nobody answered in time';
  if (state === 'cancelled') return 'Not asked any more: its execution ended, or went on another way';
  if (kind === 'clarification') return `${by ?? 'Somebody'} answered`;
  return `${by ?? 'Somebody'} ${answerIn(answer)['accepted'] === true ? 'accepted' : 'rejected'}`;
}

function answerIn(answer: Json): JsonObject {
  const parsed = jsonObjectSchema.safeParse(answer);
  return parsed.success ? parsed.data : {};
}

function Answers({ task }: { task: HumanTask }): ReactElement {
  const answers = jsonObjectSchema.safeParse(answerIn(task.answer)['answers']);
  const given = answers.success ? answers.data : {};
  return (
    <dl className="answers">
      {task.questions.map(({ id, text }) => (
        <div key={id}>
          <dt>{text}</dt>
          <dd>
            <Answer value={given[id]} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Answer({ value }: { value: Json | undefined }): ReactElement {
  if (value === undefined) return <span className="muted">Not answered</span>;
  if (typeof value === 'boolean') return <>{value ? 'Yes' : 'No'}</>;
  if (Array.isArray(value)) return <>{value.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join(', ')}</>;
  return typeof value === 'object' ? <JsonView value={value} /> : <>{value}</>;
}
