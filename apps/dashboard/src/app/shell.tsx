import { Link, Outlet, useRouter, useRouterState } from '@tanstack/react-router';
import { Suspense, lazy, type ReactElement, useState } from 'react';
import { BASE_PATH } from '../shared/api/api.ts';
import { LiveBadge } from '../shared/live/live-badge.tsx';
import { Button } from '../shared/ui/button.tsx';
import { Icon } from '../shared/ui/icon.tsx';
import { useDefaultPageTitle } from '../shared/ui/page-title.ts';
import { NAVIGATION, type NavigationEntry } from './navigation.ts';
import { UserMenu } from './user-menu.tsx';
import { useShortcuts } from './use-shortcuts.ts';
import { WaitingBadge } from './waiting-badge.tsx';

const CommandPalette = lazy(async () => ({ default: (await import('./command-palette.tsx')).CommandPalette }));

/** The frame of every page: where to go, how fresh it is, who one is. */
export function Shell(): ReactElement {
  const [isPaletteOpen, openPalette] = useState(false);
  const entries = usePages();
  const path = usePath();
  useDefaultPageTitle(entries.find((entry) => isWithin(path, entry))?.label);
  useShortcuts(entries, () => openPalette(true));
  return (
    <div className="shell">
      <button type="button" className="skip" onClick={() => document.getElementById('content')?.focus()}>
        To the content
      </button>
      <header className="top">
        <Link to="/orchestrator/runs" className="brand" aria-label="Loopwright">
          <Logo />
          <span>Loopwright</span>
        </Link>
        <Button
          look="normal"
          className="palette-button"
          icon="search"
          onClick={() => openPalette(true)}
          aria-label="Search or do… Ctrl K"
          aria-keyshortcuts="Control+K"
        >
          <span className="palette-text">Search or do…</span>
          <kbd>Ctrl K</kbd>
        </Button>
        <LiveBadge />
        <UserMenu />
      </header>
      <nav className="side" aria-label="Pages">
        <ul>
          {entries.map((entry) => (
            <li key={entry.path} className={entry.path === '/api-docs' ? 'side-last' : undefined}>
              <Link to={entry.path} className="side-link" {...(isWithin(path, entry) ? { 'aria-current': 'page' as const } : {})}>
                <Icon name={entry.icon} />
                {entry.label}
                {entry.path === '/inbox' ? <WaitingBadge /> : null}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <main id="content" className="content" tabIndex={-1}>
        <Outlet />
      </main>
      {isPaletteOpen ? (
        <Suspense>
          <CommandPalette pages={entries} onClose={() => openPalette(false)} />
        </Suspense>
      ) : null}
    </div>
  );
}

/** The pages of the navigation that there are. */
function usePages(): readonly NavigationEntry[] {
  const { routesByPath } = useRouter();
  return NAVIGATION.filter(({ path }) => Object.hasOwn(routesByPath, path));
}

/** Where one is, without the path below which the server is. */
function usePath(): string {
  const path = useRouterState({ select: ({ location }) => location.pathname });
  return path.startsWith(BASE_PATH) ? path.slice(BASE_PATH.length) : path;
}

/** Whether a page belongs to an entry of the navigation; executions are reached from the runs. */
function isWithin(path: string, entry: NavigationEntry): boolean {
  const place = path.replace(/^\/orchestrator\/executions/, '/orchestrator/runs');
  return place === entry.path || place.startsWith(`${entry.path}/`);
}

function Logo(): ReactElement {
  return (
    <svg width="24" height="24" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="7" fill="var(--accent-fill)" />
      <path d="M9 16a7 7 0 1 1 4 6.3" fill="none" stroke="#fff" strokeWidth="3" strokeLinecap="round" />
      <path d="M8 25.5l5.4-3.2L10 17.4" fill="none" stroke="#fff" strokeWidth="3" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
