import { systemClock } from '@loopwright/protocol';
import { type ReactElement, useEffect, useEffectEvent, useState } from 'react';
import { TextField } from '../../shared/ui/field.tsx';

/** After how long without a key the list follows a text. */
const TYPING_MS = 250;

/** A text that a list follows when typing pauses. */
export function FilterField({
  label,
  value,
  onValue,
  placeholder = '',
}: {
  label: string;
  value: string | undefined;
  onValue: (value: string | undefined) => void;
  placeholder?: string;
}): ReactElement {
  const [typed, setTyped] = useState<string>();
  const tell = useEffectEvent(onValue);
  useEffect(() => {
    if (typed === undefined) return undefined;
    return systemClock.schedule(TYPING_MS, () => {
      setTyped(undefined);
      tell(typed.trim() === '' ? undefined : typed.trim());
    });
  }, [typed]);
  return (
    <TextField
      label={label}
      type="search"
      maxLength={200}
      placeholder={placeholder}
      value={typed ?? value ?? ''}
      onChange={({ target }) => setTyped(target.value)}
    />
  );
}
