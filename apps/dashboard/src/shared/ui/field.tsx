import {
  type InputHTMLAttributes,
  type ReactElement,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from 'react';
import './controls.css';

interface Around {
  readonly label: string;
  readonly hint?: string;
  readonly error?: string | undefined;
  /** For a screen reader only: the place says what it is. */
  readonly hideLabel?: boolean;
  /** Told what is typed or chosen. */
  readonly onText?: (text: string) => void;
}

function Field({
  id,
  label,
  hint,
  error,
  hideLabel = false,
  children,
}: Around & { id: string; children: ReactNode }): ReactElement {
  return (
    <div className="field">
      <label htmlFor={id} className={hideLabel ? 'visually-hidden' : 'field-label'}>
        {label}
      </label>
      {children}
      {hint === undefined ? null : (
        <span id={`${id}-hint`} className="field-hint">
          {hint}
        </span>
      )}
      {error === undefined ? null : (
        <span id={`${id}-error`} className="field-error" role="alert">
          {error}
        </span>
      )}
    </div>
  );
}

function described({ hint, error }: Around, id: string): { 'aria-describedby'?: string; 'aria-invalid'?: true } {
  const ids = [...(hint === undefined ? [] : [`${id}-hint`]), ...(error === undefined ? [] : [`${id}-error`])];
  return {
    ...(ids.length === 0 ? {} : { 'aria-describedby': ids.join(' ') }),
    ...(error === undefined ? {} : { 'aria-invalid': true }),
  };
}

/** One line of text with its label. */
export function TextField({
  label,
  hint,
  error,
  hideLabel,
  onText,
  ...rest
}: Around & InputHTMLAttributes<HTMLInputElement>): ReactElement {
  const id = useId();
  const around = given({ label, hint, error, hideLabel });
  const told = telling(onText);
  return (
    <Field id={id} {...around}>
      <input id={id} className="input" autoComplete="off" {...described(around, id)} {...told} {...rest} />
    </Field>
  );
}

/** Some lines of text with their label. */
export function TextArea({
  label,
  hint,
  error,
  hideLabel,
  onText,
  ...rest
}: Around & TextareaHTMLAttributes<HTMLTextAreaElement>): ReactElement {
  const id = useId();
  const around = given({ label, hint, error, hideLabel });
  const told = telling(onText);
  return (
    <Field id={id} {...around}>
      <textarea id={id} className="input" {...described(around, id)} {...told} {...rest} />
    </Field>
  );
}

/** One of some options: the browser's own control, which phones and screen readers know best. */
export function SelectField({
  label,
  hint,
  error,
  hideLabel,
  onText,
  children,
  ...rest
}: Around & SelectHTMLAttributes<HTMLSelectElement>): ReactElement {
  const id = useId();
  const around = given({ label, hint, error, hideLabel });
  const told = telling(onText);
  return (
    <Field id={id} {...around}>
      <select id={id} className="input" {...described(around, id)} {...told} {...rest}>
        {children}
      </select>
    </Field>
  );
}

function telling(onText: Around['onText']): { onChange?: (event: { readonly target: { readonly value: string } }) => void } {
  return onText === undefined ? {} : { onChange: ({ target }) => onText(target.value) };
}

function given({ label, hint, error, hideLabel }: { [Key in Exclude<keyof Around, 'onText'>]: Around[Key] | undefined }): Around {
  return {
    label: label ?? '',
    ...(hint === undefined ? {} : { hint }),
    ...(error === undefined ? {} : { error }),
    ...(hideLabel === undefined ? {} : { hideLabel }),
  };
}
