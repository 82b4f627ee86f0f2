import { systemClock } from '@loopwright/protocol';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useEffectEvent } from 'react';
import { isTyping } from '../shared/ui/is-typing.ts';
import type { NavigationEntry } from './navigation.ts';

/** How long after `g` the second key may come. */
const SEQUENCE_MS = 1500;

/** Keys of every page: Ctrl K or ⌘ K for the palette, `g` and a letter for a page, `/` for the search of the page. */
export function useShortcuts(pages: readonly NavigationEntry[], openPalette: () => void): void {
  const navigate = useNavigate();
  const state = useEffectEvent(() => ({ pages, openPalette, navigate }));
  useEffect(() => {
    let wentAt = -Infinity;
    const onKey = (event: KeyboardEvent): void => {
      const { key, ctrlKey, metaKey, altKey } = event;
      if ((ctrlKey || metaKey) && key.toLowerCase() === 'k') {
        event.preventDefault();
        state().openPalette();
        return;
      }
      if (ctrlKey || metaKey || altKey || isTyping(event)) return;
      const now = systemClock.now();
      if (key === 'g') wentAt = now;
      else if (key === '/') {
        const search = document.querySelector<HTMLInputElement>('main input[type="search"]');
        if (search !== null) event.preventDefault();
        search?.focus();
      } else if (now - wentAt < SEQUENCE_MS) {
        wentAt = -Infinity;
        const page = state().pages.find((entry) => entry.key === key);
        if (page !== undefined) void state().navigate({ to: page.path });
      }
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}
