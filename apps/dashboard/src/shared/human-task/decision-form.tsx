import { type HumanTask, type JsonObject, humanTaskSchema, messageOf, systemRandom } from '@loopwright/protocol';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactElement, useState } from 'react';
import { api } from '../api/api.ts';
import { useSession } from '../api/session.tsx';
import { Time } from '../time/time.tsx';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { TextArea } from '../ui/field.tsx';
import { JsonView } from '../ui/json-view.tsx';
import { showToast } from '../ui/toasts.tsx';
import { type Typed, answerOf, initialValue, problemOf } from './answer-values.ts';
import { QuestionField } from './question-field.tsx';
import './decision-form.css';

type Decision = { accepted: boolean; comment?: string } | { answers: JsonObject };

/**
 * What one question to people asks for. The decision names the digest of what is shown here: when that has changed, or somebody else was first, the
 * server says so and nothing is decided. Shown wherever its execution is.
 */
export function DecisionForm({ task, projectId }: { task: HumanTask; projectId: string }): ReactElement {
  const { can } = useSession();
  const queries = useQueryClient();
  // What was on the screen when the form was opened, which is what is decided about.
  const [shown] = useState(task);
  const decide = useMutation({
    meta: { quiet: true },
    mutationFn: (decision: Decision) =>
      api.call({
        method: 'POST',
        path: `/api/v1/tasks/${encodeURIComponent(shown.task_id)}/answer`,
        answer: humanTaskSchema,
        json: { ...decision, subject_digest: shown.subject_digest },
        idempotencyKey: systemRandom.uuid(),
      }),
    onSuccess: ({ title }) => showToast(`Decided: ${title}`),
    onSettled: () => queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' }),
  });
  const reason = can('tasks:decide', projectId) ? undefined : 'You may look at this, and not decide it';
  const isStale = task.subject_digest !== shown.subject_digest;
  return (
    <section className="card decision stack" aria-label={`Decision: ${shown.title}`}>
      <div className="row">
        <Badge tone="wait" icon="person">
          {shown.kind === 'acceptance' ? 'Acceptance' : 'Questions'}
        </Badge>
        <h2>{shown.title}</h2>
        <span className="muted">
          asked <Time at={shown.created_at} />
          {shown.expires_at === null ? null : (
            <>
              , until <Time at={shown.expires_at} />
            </>
          )}
          {shown.for === null ? null : `, for ${'user' in shown.for ? shown.for.user : `the role ${shown.for.role}`}`}
        </span>
      </div>
      {shown.message === null ? null : <p>{shown.message}</p>}
      {isStale ? (
        <p className="notice notice-warn" role="alert">
          What is to be decided has changed since this was shown. Load the page again to see it.
        </p>
      ) : null}
      {shown.kind === 'acceptance' ? (
        <Acceptance task={shown} reason={reason} isBusy={decide.isPending} onDecide={decide.mutate} />
      ) : (
        <Clarification task={shown} reason={reason} isBusy={decide.isPending} onDecide={decide.mutate} />
      )}
      {decide.error === null ? null : (
        <p className="field-error" role="alert">
          {messageOf(decide.error)}
        </p>
      )}
    </section>
  );
}

interface Part {
  readonly task: HumanTask;
  /** Why it cannot be decided. */
  readonly reason: string | undefined;
  readonly isBusy: boolean;
  readonly onDecide: (decision: Decision) => void;
}

function Acceptance({ task, reason, isBusy, onDecide }: Part): ReactElement {
  const [comment, setComment] = useState('');
  const trimmed = comment.trim();
  const isOff = isBusy || reason !== undefined;
  const decide = (accepted: boolean): void => onDecide({ accepted, ...(trimmed === '' ? {} : { comment: trimmed }) });
  return (
    <>
      <div className="subject">
        {typeof task.subject === 'string' ? <pre>{task.subject}</pre> : <JsonView value={task.subject} />}
      </div>
      <p className="muted">
        You decide about <code title={task.subject_digest}>sha256:{task.subject_digest.slice(0, 12)}…</code>
      </p>
      <TextArea
        label="Comment"
        hint="Needed to reject"
        maxLength={10_000}
        value={comment}
        onChange={({ target }) => setComment(target.value)}
      />
      <div className="row">
        <Button look="primary" icon="check" disabled={isOff} reason={reason} onClick={() => decide(true)}>
          Accept
        </Button>
        <Button
          icon="close"
          disabled={isOff || trimmed === ''}
          reason={reason ?? 'Say why in the comment'}
          onClick={() => decide(false)}
        >
          Reject
        </Button>
      </div>
    </>
  );
}

function Clarification({ task, reason, isBusy, onDecide }: Part): ReactElement {
  const [values, setValues] = useState<Readonly<Record<string, Typed>>>(() =>
    Object.fromEntries(task.questions.map((question) => [question.id, initialValue(question)])),
  );
  const [isTried, setTried] = useState(false);
  const problems = new Map(task.questions.map((question) => [question.id, problemOf(question, values[question.id])]));
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if ([...problems.values()].some((problem) => problem !== undefined)) return;
    const answers = task.questions.flatMap((question) => {
      const answer = answerOf(question, values[question.id]);
      return answer === undefined ? [] : [[question.id, answer] as const];
    });
    onDecide({ answers: Object.fromEntries(answers) });
  };
  return (
    <form className="stack" onSubmit={submit} noValidate>
      {task.questions.map((question) => (
        <QuestionField
          key={question.id}
          question={question}
          value={values[question.id]}
          error={isTried ? problems.get(question.id) : undefined}
          onChange={(value) => setValues((before) => ({ ...before, [question.id]: value }))}
        />
      ))}
      <div className="row">
        <Button type="submit" look="primary" disabled={isBusy || reason !== undefined} reason={reason}>
          Send the answers
        </Button>
      </div>
    </form>
  );
}
