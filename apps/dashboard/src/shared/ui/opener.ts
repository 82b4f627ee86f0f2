import { useEffect } from 'react';

let opener: HTMLElement | null = null;

/** Remembers the button of a menu of which something was chosen, for the dialog that this may open. */
export function rememberOpener(button: HTMLElement | null): void {
  opener = button;
}

/**
 * Gives the focus back to the button of the menu from which the dialog was opened. What a dialog does by itself, to go back to what had the focus when it
 * came, fails when the menu is just about to close then: nothing had it.
 */
export function useFocusBack(): void {
  useEffect(() => {
    const from = opener;
    opener = null;
    // Behind what the dialog does by itself, a frame after it went.
    const giveBack = (): void => {
      if (document.activeElement === null || document.activeElement === document.body) from?.focus();
    };
    return () => void requestAnimationFrame(() => void requestAnimationFrame(giveBack));
  }, []);
}
