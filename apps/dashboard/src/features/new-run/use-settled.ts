import { systemClock } from '@loopwright/protocol';
import { useEffect, useState } from 'react';

/** After how long without a change a value has settled, in milliseconds. */
const SETTLED_MS = 300;

/** A value as it was when it last rested for a moment: what is measured for it is not measured for every key that is typed. */
export function useSettled<Value>(value: Value): Value {
  const [settled, setSettled] = useState(value);
  useEffect(() => systemClock.schedule(SETTLED_MS, () => setSettled(value)), [value]);
  return settled;
}
