import { PlatformError } from '@loopwright/protocol';
import { type FormEvent, type KeyboardEvent, type ReactElement, useImperativeHandle, useRef, useState } from 'react';
import { z } from 'zod';
import { Button } from '../ui/button.tsx';
import { answerOf, initialValue, problemOf } from './answer-values.ts';
import { DecisionOutcome } from './decision-outcome.tsx';
import type { DecisionPart } from './decision-part.ts';
import { useDraft } from './drafts.ts';
import { OverrideField } from './override-field.tsx';
import { QuestionField } from './question-field.tsx';

const OVERRIDE = '@override';
const issuesSchema = z.object({ issues: z.array(z.object({ pointer: z.string(), message: z.string() })) });

/** What the server found wrong, by question. */
function refusedOf(error: Error | null): ReadonlyMap<string, string> {
  const parsed = issuesSchema.safeParse(error instanceof PlatformError ? error.details : undefined);
  const issues = parsed.success ? parsed.data.issues : [];
  return new Map(issues.map(({ pointer, message }) => [pointer.replace(/^.*\/answers\//, ''), message]));
}

/** Questions of every kind, checked here as far as it goes and by the server again. */
export function ClarificationForm({ task, may, deciding, handle }: DecisionPart): ReactElement {
  const [values, set] = useDraft(task.task_id, () =>
    Object.fromEntries(task.questions.map((question) => [question.id, initialValue(question)])),
  );
  const [isTried, setTried] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const first = (): HTMLElement | null => form.current?.querySelector<HTMLElement>('input, select, textarea') ?? null;
  useImperativeHandle(handle, () => ({ toAccept: () => first()?.focus(), toReject: () => undefined }), []);
  const override = typeof values[OVERRIDE] === 'string' ? values[OVERRIDE].trim() : '';
  const lacksReason = may.insteadOf !== undefined && override === '' ? 'Say why you decide instead' : undefined;
  const problems = new Map(task.questions.map((question) => [question.id, problemOf(question, values[question.id])]));
  const refused = refusedOf(deciding.error);
  const send = (): void => {
    if (may.reason !== undefined || deciding.isBusy) return;
    setTried(true);
    if (lacksReason !== undefined || [...problems.values()].some((problem) => problem !== undefined)) {
      // The first wrong one is marked only with the next picture.
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
      return;
    }
    const answers = task.questions.flatMap((question) => {
      const answer = answerOf(question, values[question.id]);
      return answer === undefined ? [] : [[question.id, answer] as const];
    });
    deciding.decide({
      answers: Object.fromEntries(answers),
      ...(may.insteadOf === undefined ? {} : { override_reason: override }),
    });
  };
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    send();
  };
  const onKeyDown = ({ key, ctrlKey, metaKey }: KeyboardEvent): void => {
    if (key === 'Enter' && (ctrlKey || metaKey)) send();
  };
  return (
    <form className="stack" onSubmit={onSubmit} onKeyDown={onKeyDown} noValidate ref={form}>
      {task.questions.map((question) => (
        <QuestionField
          key={question.id}
          question={question}
          value={values[question.id]}
          error={(isTried ? problems.get(question.id) : undefined) ?? refused.get(question.id)}
          isDisabled={may.reason !== undefined}
          onChange={(value) => set(question.id, value)}
        />
      ))}
      {may.insteadOf === undefined ? null : (
        <OverrideField
          insteadOf={may.insteadOf}
          value={values[OVERRIDE]}
          error={isTried ? lacksReason : undefined}
          onChange={(value) => set(OVERRIDE, value)}
        />
      )}
      <div className="decision-actions stack">
        <DecisionOutcome deciding={deciding} />
        <div className="row">
          <Button type="submit" look="primary" disabled={deciding.isBusy || may.reason !== undefined} reason={may.reason}>
            Send the answers
          </Button>
          {may.reason === undefined ? null : <span className="muted">{may.reason}.</span>}
          {deciding.isBusy ? <span className="muted">Sending…</span> : null}
        </div>
      </div>
    </form>
  );
}
