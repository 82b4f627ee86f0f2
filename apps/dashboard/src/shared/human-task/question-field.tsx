import type { Question } from '@loopwright/protocol';
import type { ReactElement } from 'react';
import { SelectField, TextArea, TextField } from '../ui/field.tsx';
import type { Typed } from './answer-values.ts';

/** The control for one question, for each kind of answer. */
export function QuestionField({
  question,
  value,
  error,
  isDisabled = false,
  onChange,
}: {
  question: Question;
  value: Typed;
  error: string | undefined;
  isDisabled?: boolean;
  onChange: (value: Typed) => void;
}): ReactElement {
  const { text, intent, answer_type: type, choices = [], required, minimum, maximum } = question;
  const around = {
    label: required ? text : `${text} (optional)`,
    ...(intent === undefined ? {} : { hint: intent }),
    error,
    required,
    disabled: isDisabled,
  };
  const shown = typeof value === 'string' ? value : '';
  const typed = ({ target }: { target: { value: string } }): void => onChange(target.value === '' ? undefined : target.value);
  if (type === 'multi_choice') {
    const chosen = typeof value === 'object' ? value : [];
    return (
      <fieldset className="choices" disabled={isDisabled}>
        <legend className="field-label">{around.label}</legend>
        {intent === undefined ? null : <span className="field-hint">{intent}</span>}
        {choices.map((choice) => (
          <label key={choice} className="row">
            <input
              type="checkbox"
              aria-invalid={error !== undefined}
              checked={chosen.includes(choice)}
              onChange={({ target }) => onChange(target.checked ? [...chosen, choice] : chosen.filter((one) => one !== choice))}
            />
            {choice}
          </label>
        ))}
        {error === undefined ? null : (
          <span className="field-error" role="alert">
            {error}
          </span>
        )}
      </fieldset>
    );
  }
  if (type === 'single_choice' || type === 'yes_no')
    return (
      <SelectField {...around} value={shown} onChange={typed}>
        <option value="">Choose…</option>
        {(type === 'yes_no' ? ['yes', 'no'] : choices).map((choice) => (
          <option key={choice} value={choice}>
            {choice}
          </option>
        ))}
      </SelectField>
    );
  if (type === 'number')
    return (
      <TextField
        {...around}
        type="number"
        step="any"
        min={minimum}
        max={maximum}
        inputMode="decimal"
        value={shown}
        onChange={typed}
      />
    );
  if (type === 'date') return <TextField {...around} type="date" value={shown} onChange={typed} />;
  if (type === 'uuid') return <TextField {...around} className="input mono" maxLength={36} value={shown} onChange={typed} />;
  return (
    <TextArea
      {...around}
      className={type === 'json_object' ? 'input mono' : 'input'}
      maxLength={type === 'json_object' ? 100_000 : 10_000}
      value={shown}
      onChange={typed}
    />
  );
}
