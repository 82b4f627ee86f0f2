import { useEffect, useEffectEvent } from 'react';
import { preferences } from '../../shared/preferences/preferences.ts';
import { isTyping } from '../../shared/ui/is-typing.ts';

/** What the keys of the inbox do. */
export type InboxKeys = Readonly<Record<'j' | 'k' | 'a' | 'r' | 'x' | 'b' | '?', () => void>>;

/** Each key with what it does, for those who ask. */
export const KEY_HELP: readonly (readonly [keys: string, what: string])[] = [
  ['j / k', 'The next question, the one before'],
  ['a', 'To “Accept”, or to the first question; Enter then decides'],
  ['r', 'To the comment of a rejection; Ctrl Enter then rejects'],
  ['Ctrl Enter', 'In a form of questions: send the answers'],
  ['Esc', 'Out of a field, back to the list'],
  ['x', 'Choose this one, to decide several at once'],
  ['b', 'Decide all that are chosen'],
  ['?', 'This help'],
  ['g i', 'To the inbox, from everywhere'],
];

/** A box to tick takes no text: keys go on there. */
function isField(event: KeyboardEvent): boolean {
  return (
    isTyping(event) &&
    !(
      preferences().letterKeys &&
      event.target instanceof HTMLInputElement &&
      event.target.type === 'checkbox' &&
      event.target.closest('[role="dialog"]') === null
    )
  );
}

/** Listens to the keys of the inbox, wherever the focus is but in a field. */
export function useInboxKeys(keys: InboxKeys): void {
  const press = useEffectEvent((key: keyof InboxKeys) => keys[key]());
  useEffect(() => {
    let isGoing = false;
    const onKey = (event: KeyboardEvent): void => {
      const { key, ctrlKey, metaKey, altKey, target } = event;
      if (key === 'Escape' && target instanceof HTMLElement && target.closest('form, .decision') !== null && isTyping(event)) {
        target.blur();
        return;
      }
      // The letter behind `g` is that of a page.
      const wasGoing = isGoing;
      isGoing = key === 'g';
      if (wasGoing || ctrlKey || metaKey || altKey || isField(event)) return;
      if (!['j', 'k', 'a', 'r', 'x', 'b', '?'].includes(key)) return;
      event.preventDefault();
      press(key as keyof InboxKeys);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}
