import { type ReactElement, type ReactNode, useId } from 'react';
import { TextField } from '../../shared/ui/field.tsx';
import { problemsOf, takes } from './draft.ts';
import { ExamplesStep } from './examples-step.tsx';
import { IntakeField, ModeField, NameField, ProjectField } from './fields.tsx';
import type { FormProps } from './form-props.ts';
import { ProfilePicker } from './profile-picker.tsx';
import { Summary } from './summary.tsx';

/** A run step by step: examples, profile, what is wanted, limits; what is about to be started stands beside it. */
export function GuidedForm(props: FormProps): ReactElement {
  const { search, draft, profile } = props;
  const problems = problemsOf(draft, search, profile);
  return (
    <form className="new-run-guided" aria-label="Guided run" onSubmit={(event) => event.preventDefault()}>
      <div className="new-run-steps">
        <Step number={1} title="Name and project">
          <div className="new-run-pair">
            <NameField {...props} />
            <ProjectField {...props} error={problems.project} />
          </div>
        </Step>
        <Step number={2} title="Labelled examples" note="Optional">
          <ExamplesStep {...props} />
        </Step>
        <Step number={3} title="Profile">
          <ProfilePicker {...props} />
        </Step>
        <Step number={4} title="The task">
          <IntakeField {...props} rows={8} />
        </Step>
        <Step number={5} title="How it runs">
          <Details {...props} problems={problems} />
        </Step>
      </div>
      <Summary {...props} />
    </form>
  );
}

function Step({
  number,
  title,
  note,
  children,
}: {
  number: number;
  title: string;
  note?: string;
  children: ReactNode;
}): ReactElement {
  const id = useId();
  return (
    <section className="card new-run-step" aria-labelledby={id}>
      <div className="row">
        <span className="new-run-number" aria-hidden="true">
          {number}
        </span>
        <h2 id={id}>{title}</h2>
        {note === undefined ? null : <span className="muted">{note}</span>}
      </div>
      {children}
    </section>
  );
}

function Details({ draft, onDraft, profile, problems }: FormProps & { problems: ReturnType<typeof problemsOf> }): ReactElement {
  return (
    <div className="new-run-pair">
      <ModeField draft={draft} onDraft={onDraft} />
      <TextField
        label="Budget in US dollars (optional)"
        hint="The run pauses when it is used up"
        inputMode="decimal"
        placeholder="What the server says"
        maxLength={17}
        error={problems.budget}
        value={draft.budget}
        onText={(budget) => onDraft({ budget })}
      />
      {takes(profile, 'program') ? (
        <TextField
          label="Name of the program (optional)"
          hint="Left out: made from the name above"
          placeholder="support-inbox"
          maxLength={63}
          error={problems.program}
          value={draft.program}
          onText={(program) => onDraft({ program })}
        />
      ) : null}
      {takes(profile, 'holdout') ? (
        <TextField
          label="Held out, in per cent (optional)"
          hint="Examples that no generator sees; the result is judged by them"
          inputMode="decimal"
          placeholder="20"
          maxLength={8}
          error={problems.holdout}
          value={draft.holdout}
          onText={(holdout) => onDraft({ holdout })}
        />
      ) : null}
    </div>
  );
}
