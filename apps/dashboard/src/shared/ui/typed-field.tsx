import { systemClock } from '@loopwright/protocol';
import { type ReactElement, useEffect, useEffectEvent, useState } from 'react';
import { TextField } from './field.tsx';

/** After how long without a key a list follows a text. */
const TYPING_MS = 200;

/** A text that a list follows when typing pauses; empty is `undefined`. */
export function TypedField({
  label,
  value,
  onValue,
  ...rest
}: {
  label: string;
  value: string | undefined;
  onValue: (value: string | undefined) => void;
  type?: string;
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
  return <TextField label={label} maxLength={200} value={typed ?? value ?? ''} onText={setTyped} {...rest} />;
}
