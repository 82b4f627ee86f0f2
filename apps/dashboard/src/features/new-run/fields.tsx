import { useQuery } from '@tanstack/react-query';
import { type ReactElement, useId } from 'react';
import { SelectField, TextArea, TextField } from '../../shared/ui/field.tsx';
import { DEFAULT_PROJECT } from './draft.ts';
import type { FormProps } from './form-props.ts';
import { knownProjectsQuery } from './new-run-queries.ts';

/** Where the run belongs. Examples belong to a project too, so those of another one are let go. */
export function ProjectField({
  search,
  onSearch,
  error,
}: Pick<FormProps, 'search' | 'onSearch'> & { error: string | undefined }): ReactElement {
  const list = useId();
  const { data } = useQuery(knownProjectsQuery);
  return (
    <>
      <TextField
        label="Project"
        list={list}
        hint={search.examples === undefined ? 'Who may see the run' : 'Another project needs the examples again'}
        error={error}
        maxLength={200}
        value={search.project ?? DEFAULT_PROJECT}
        onChange={({ target }) => onSearch({ project: target.value, examples: undefined })}
      />
      <datalist id={list}>
        {data?.projects.map(({ project_id: id }) => (
          <option key={id} value={id} />
        ))}
      </datalist>
    </>
  );
}

/** The name of the run. */
export function NameField({ draft, onDraft }: Pick<FormProps, 'draft' | 'onDraft'>): ReactElement {
  return (
    <TextField label="Name" placeholder="Support inbox" maxLength={200} value={draft.name} onText={(name) => onDraft({ name })} />
  );
}

/** What is wanted, in the words of whoever wants it. */
export function IntakeField({ draft, onDraft, rows }: Pick<FormProps, 'draft' | 'onDraft'> & { rows: number }): ReactElement {
  return (
    <TextArea
      label="What is wanted"
      rows={rows}
      hint="What must be decided, how right it must be, how fast, and what to answer when unsure. What is not said is asked."
      placeholder="Sort mails into billing, technical and other. At least 95 % right, recall of billing at least 98 %, within 20 ms. Answer “unknown” when it is something else."
      maxLength={100_000}
      value={draft.intake}
      onText={(intake) => onDraft({ intake })}
    />
  );
}

/** Who takes the run from phase to phase. */
export function ModeField({ draft, onDraft }: Pick<FormProps, 'draft' | 'onDraft'>): ReactElement {
  return (
    <SelectField
      label="Advances"
      hint="By itself it stops only where people are asked"
      value={draft.mode}
      onChange={({ target }) => onDraft({ mode: target.value === 'auto' ? 'auto' : 'manual' })}
    >
      <option value="manual">By hand, phase by phase</option>
      <option value="auto">By itself</option>
    </SelectField>
  );
}
