import { type KeyboardEvent, type ReactElement, useImperativeHandle, useRef, useState } from 'react';
import { Button } from '../ui/button.tsx';
import { TextArea } from '../ui/field.tsx';
import { DecisionOutcome } from './decision-outcome.tsx';
import type { DecisionPart } from './decision-part.ts';
import { useDraft } from './drafts.ts';
import { OverrideField } from './override-field.tsx';

const text = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');

/** Yes or no to what is shown. A no says why. */
export function AcceptanceForm({ task, may, deciding, handle }: DecisionPart): ReactElement {
  const [values, set] = useDraft(task.task_id, () => ({}));
  const [missing, setMissing] = useState<'comment' | 'override'>();
  const accept = useRef<HTMLButtonElement>(null);
  const form = useRef<HTMLDivElement>(null);
  const toComment = (): void => form.current?.querySelector('textarea')?.focus();
  useImperativeHandle(handle, () => ({ toAccept: () => accept.current?.focus(), toReject: toComment }), []);
  const comment = text(values['comment']);
  const override = text(values['override']);
  const isOff = deciding.isBusy || may.reason !== undefined;
  const decide = (accepted: boolean): void => {
    if (isOff) return;
    const lacks =
      !accepted && comment === '' ? 'comment' : may.insteadOf !== undefined && override === '' ? 'override' : undefined;
    setMissing(lacks);
    if (lacks === 'comment') toComment();
    else if (lacks === 'override') form.current?.querySelector('input')?.focus();
    else
      deciding.decide({
        accepted,
        ...(comment === '' ? {} : { comment }),
        ...(may.insteadOf === undefined ? {} : { override_reason: override }),
      });
  };
  const onKeyDown = ({ key, ctrlKey, metaKey }: KeyboardEvent): void => {
    if (key === 'Enter' && (ctrlKey || metaKey)) decide(false);
    else if (key === 'Escape') accept.current?.closest<HTMLElement>('[tabindex]')?.focus();
  };
  return (
    <div className="decision-actions stack" ref={form}>
      <p className="muted">
        You decide about <code title={task.subject_digest}>sha256:{task.subject_digest.slice(0, 12)}…</code>
        {may.reason === undefined ? null : <>. {may.reason}.</>}
      </p>
      {may.insteadOf === undefined ? null : (
        <OverrideField
          insteadOf={may.insteadOf}
          value={values['override']}
          error={missing === 'override' ? 'Say why you decide instead' : undefined}
          onChange={(value) => set('override', value)}
        />
      )}
      <TextArea
        label="Comment"
        hint="Needed to reject; Ctrl Enter rejects"
        maxLength={10_000}
        rows={2}
        disabled={may.reason !== undefined}
        error={missing === 'comment' ? 'Say why it is rejected' : undefined}
        value={typeof values['comment'] === 'string' ? values['comment'] : ''}
        onChange={({ target }) => {
          set('comment', target.value);
          setMissing(undefined);
        }}
        onKeyDown={onKeyDown}
      />
      <DecisionOutcome deciding={deciding} />
      <div className="row">
        <Button ref={accept} look="primary" icon="check" disabled={isOff} reason={may.reason} onClick={() => decide(true)}>
          Accept
        </Button>
        <Button icon="close" disabled={isOff} reason={may.reason} onClick={() => decide(false)}>
          Reject
        </Button>
        {deciding.isBusy ? <span className="muted">Sending…</span> : null}
      </div>
    </div>
  );
}
