import { useEffect } from 'react';

const NAME = 'Loopwright';

/** What a page that is shown says of itself. */
let own: string | undefined;
/** What the navigation says of the page. */
let general: string | undefined;

function apply(): void {
  const title = own ?? general;
  document.title = title === undefined ? NAME : `${title} · ${NAME}`;
}

/** What the tab of the browser says as long as the page is shown: what it is about, then the name of the program. */
export function usePageTitle(title: string): void {
  useEffect(() => {
    own = title;
    apply();
    return () => {
      own = undefined;
      apply();
    };
  }, [title]);
}

/** What the tab says of pages that say nothing themselves. */
export function useDefaultPageTitle(title: string | undefined): void {
  useEffect(() => {
    general = title;
    apply();
  }, [title]);
}
