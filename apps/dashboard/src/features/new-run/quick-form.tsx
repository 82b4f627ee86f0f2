import type { ReactElement } from 'react';
import { SelectField } from '../../shared/ui/field.tsx';
import { problemsOf } from './draft.ts';
import { IntakeField, ModeField, NameField, ProjectField } from './fields.tsx';
import type { FormProps } from './form-props.ts';
import { StartRow } from './start-row.tsx';
import { Expected } from './summary.tsx';

/** A run in one form: profile, name and what is wanted. */
export function QuickForm(props: FormProps): ReactElement {
  const { search, onSearch, draft, profiles, profile } = props;
  const problems = problemsOf(draft, search, profile);
  return (
    <form className="card new-run-quick" aria-label="Quick run" onSubmit={(event) => event.preventDefault()}>
      <div className="new-run-pair">
        <SelectField
          label="Profile"
          value={profile?.profile ?? ''}
          onChange={({ target }) => onSearch({ profile: target.value === '' ? undefined : target.value })}
        >
          <option value="">Choose…</option>
          {profiles.map(({ profile: name, title }) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </SelectField>
        <NameField {...props} />
      </div>
      <IntakeField {...props} rows={6} />
      <div className="new-run-pair">
        <ProjectField {...props} error={problems.project} />
        <ModeField {...props} />
      </div>
      {profile === undefined ? null : <Expected {...props} profile={profile} />}
      <StartRow {...props} />
    </form>
  );
}
