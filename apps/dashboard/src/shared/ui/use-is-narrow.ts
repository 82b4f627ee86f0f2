import { useSyncExternalStore } from 'react';

/** Phones; the same width as in the style sheets. */
const narrow = matchMedia('(max-width: 700px)');

/** Whether the page is as narrow as a phone. */
export function useIsNarrow(): boolean {
  return useSyncExternalStore(
    (listener) => {
      narrow.addEventListener('change', listener);
      return () => narrow.removeEventListener('change', listener);
    },
    () => narrow.matches,
  );
}
