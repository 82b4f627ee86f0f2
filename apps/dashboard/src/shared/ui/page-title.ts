import { useEffect, useLayoutEffect } from 'react';

const NAME = 'Loopwright';

/** What the tab of the browser says of the page: what is shown, then the name of the program. */
export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · ${NAME}`;
  }, [title]);
}

/**
 * The title of whatever page stands at a path, for pages that say none themselves. It is set before the effects of pages, so that a page which knows
 * its title better has the last word.
 */
export function useDefaultPageTitle(title: string | undefined, path: string): void {
  useLayoutEffect(() => {
    document.title = title === undefined ? NAME : `${title} · ${NAME}`;
  }, [title, path]);
}
