import { preferences } from '../preferences/preferences.ts';

/**
 * Whether a key without Ctrl is none of the page: it belongs to what has the focus (a field, or a dialog or menu in front of the page), or single letters
 * are to do nothing at all.
 */
export function isTyping({ target }: KeyboardEvent): boolean {
  if (!preferences().letterKeys) return true;
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.closest(
      'input, textarea, select, [contenteditable], [role="dialog"], [role="alertdialog"], [role="menu"], [role="listbox"]',
    ) !== null
  );
}
