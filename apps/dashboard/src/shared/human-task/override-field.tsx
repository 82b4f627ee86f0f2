import type { ReactElement } from 'react';
import { TextField } from '../ui/field.tsx';
import type { Typed } from './answer-values.ts';

/** Asks an administrator why they decide what is for somebody else; it stands in the record. */
export function OverrideField({
  insteadOf,
  value,
  error,
  onChange,
}: {
  insteadOf: string;
  value: Typed;
  error: string | undefined;
  onChange: (value: Typed) => void;
}): ReactElement {
  return (
    <TextField
      label={`Why you decide instead of ${insteadOf}`}
      hint="Stands in the record"
      maxLength={2000}
      required
      error={error}
      value={typeof value === 'string' ? value : ''}
      onText={onChange}
    />
  );
}
