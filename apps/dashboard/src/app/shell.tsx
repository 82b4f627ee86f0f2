import { Link, Outlet, useRouter } from '@tanstack/react-router';
import { Suspense, lazy, type ReactElement, useState } from 'react';
import { serverUrl } from '../shared/api/api.ts';
import { LiveBadge } from '../shared/live/live-badge.tsx';
import { Button } from '../shared/ui/button.tsx';
import { Icon } from '../shared/ui/icon.tsx';
import { NAVIGATION, type NavigationEntry } from './navigation.ts';
import { UserMenu } from './user-menu.tsx';
import { useShortcuts } from './use-shortcuts.ts';

const CommandPalette = lazy(async () => ({ default: (await import('./command-palette.tsx')).CommandPalette }));

/** The frame of every page: where to go, how fresh it is, who one is. */
export function Shell(): ReactElement {
  const [isPaletteOpen, openPalette] = useState(false);
  const entries = usePages();
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
          {entries.map(({ path, label, icon }) => (
            <li key={path}>
              <Link to={path} className="side-link" activeProps={{ 'aria-current': 'page' }}>
                <Icon name={icon} />
                {label}
              </Link>
            </li>
          ))}
          <li className="side-last">
            <a className="side-link" href={serverUrl('/docs/')}>
              <Icon name="book" />
              API
            </a>
          </li>
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

function Logo(): ReactElement {
  return (
    <svg width="24" height="24" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="7" fill="var(--accent-fill)" />
      <path d="M9 16a7 7 0 1 1 4 6.3" fill="none" stroke="#fff" strokeWidth="3" strokeLinecap="round" />
      <path d="M8 25.5l5.4-3.2L10 17.4" fill="none" stroke="#fff" strokeWidth="3" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
