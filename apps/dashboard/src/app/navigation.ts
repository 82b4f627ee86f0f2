import type { IconName } from '../shared/ui/icon.tsx';

/** A page that one can go to from everywhere. It is shown as soon as `router.tsx` has a route with its path. */
export interface NavigationEntry {
  readonly path: string;
  readonly label: string;
  readonly icon: IconName;
  /** Pressed after `g`. */
  readonly key: string;
}

/** In the order of the navigation. */
export const NAVIGATION: readonly NavigationEntry[] = [
  { path: '/orchestrator/runs', label: 'Runs', icon: 'runs', key: 'r' },
  { path: '/inbox', label: 'Inbox', icon: 'inbox', key: 'i' },
  { path: '/programs', label: 'Programs', icon: 'programs', key: 'p' },
  { path: '/new-run', label: 'New run', icon: 'plus', key: 'n' },
  { path: '/modules', label: 'Modules', icon: 'modules', key: 'm' },
  { path: '/settings', label: 'Settings', icon: 'settings', key: 's' },
  { path: '/api-docs', label: 'API', icon: 'book', key: 'd' },
];
