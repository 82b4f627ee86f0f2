import type { ReactElement } from 'react';
import { SelectField, TextArea, TextField } from '../../../shared/ui/field.tsx';
import { type Drafts, type FormField, pointerOf } from './schema-form.ts';

interface Props {
  readonly field: FormField;
  /** Of the field; empty for the input itself. */
  readonly name: string;
  readonly pointer?: string;
  readonly required?: boolean;
  readonly drafts: Drafts;
  readonly problems: ReadonlyMap<string, string>;
  readonly onType: (pointer: string, typed: string) => void;
}

/** The controls of a form, those of an object inside a group. */
export function SchemaFields({ field, name, pointer = '', required = true, drafts, problems, onType }: Props): ReactElement {
  const text = field.title ?? name;
  const label = required ? text : `${text} (optional)`;
  if (field.kind === 'object')
    return (
      <fieldset className="schema-group">
        <legend className={pointer === '' ? 'visually-hidden' : 'field-label'}>{label}</legend>
        {field.hint === undefined ? null : <span className="field-hint">{field.hint}</span>}
        {field.fields.map((entry) => (
          <SchemaFields
            key={entry.name}
            field={entry.field}
            name={entry.name}
            pointer={pointerOf(pointer, entry.name)}
            required={entry.required}
            drafts={drafts}
            problems={problems}
            onType={onType}
          />
        ))}
      </fieldset>
    );
  const around = {
    label,
    error: problems.get(pointer),
    value: drafts[pointer] ?? '',
    onChange: ({ target }: { target: { value: string } }): void => onType(pointer, target.value),
    ...(field.hint === undefined ? {} : { hint: field.hint }),
  };
  if (field.kind === 'boolean' || field.kind === 'choice') {
    const options = field.kind === 'boolean' ? ['true', 'false'] : field.choices.map((_choice, at) => String(at));
    return (
      <SelectField {...around}>
        <option value="">{field.isNullable === true && required ? 'null' : required ? 'Choose…' : 'Left out'}</option>
        {options.map((option, at) => (
          <option key={option} value={option}>
            {field.kind === 'choice' ? textOf(field.choices[at]) : option}
          </option>
        ))}
      </SelectField>
    );
  }
  if (field.kind === 'number')
    return <TextField {...around} type="number" step="any" inputMode="decimal" min={field.minimum} max={field.maximum} />;
  if (field.kind === 'scalar')
    return <TextField {...around} hint={field.hint ?? `${field.types.join(', ')}; in quotes it is a text`} />;
  return field.kind === 'json' ? (
    <TextArea {...around} hint={field.hint ?? 'As JSON'} className="input mono" spellCheck={false} />
  ) : (
    <TextArea {...around} />
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
