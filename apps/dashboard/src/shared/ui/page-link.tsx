import { useRouter } from '@tanstack/react-router';
import type { MouseEvent, ReactElement, ReactNode } from 'react';
import { BASE_PATH } from '../api/api.ts';

/** A link to a page for places that have many of them: it knows nothing of where the page is now, and so costs a tenth of the router's `Link`. */
export function PageLink({
  path,
  className,
  title,
  children,
}: {
  path: string;
  className?: string;
  title?: string;
  children: ReactNode;
}): ReactElement {
  const router = useRouter();
  const go = (event: MouseEvent): void => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    router.history.push(BASE_PATH + path);
  };
  return (
    <a href={BASE_PATH + path} className={className} title={title} onClick={go}>
      {children}
    </a>
  );
}
